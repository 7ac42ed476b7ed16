// Copyright 2026 the Tidings authors. MIT license.

/**
 * One rule in all rooms that send events: what cannot come back in a header is
 * refused, and nothing of the event is sent or kept. The encoder refuses what cannot
 * be written, and no more.
 */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import {
  encodeEvent,
  encodeEvents,
  EventStreamEncoderStream,
} from "../../encoder.ts";
import { MemoryEventLog, MemoryEventLogs } from "../../log.ts";
import { readEvents } from "../../parser.ts";
import { EventRuns } from "../../runs/mod.ts";
import { type EventSession, serveEvents } from "../../server.ts";
import { ID_ROWS } from "../support/ids.ts";

const REQUEST = "http://localhost/";

/** What a room that takes an event with an ID does: it throws, or gives what was sent. */
const SENDERS: Record<string, (id: string) => Promise<string[]>> = {
  async "EventChannel.publish()"(id) {
    await using channel = new EventChannel();
    const events = readEvents(channel.serve(new Request(REQUEST)));
    let error: unknown;
    await channel.publish({ data: "a", id }).catch((thrown) => error = thrown);
    const last = await channel.publish({ data: "end" });
    const ids = await readIds(events, last);
    if (error === undefined) return ids;
    assertEquals(ids, []);
    throw error;
  },
  async "EventChannel.publish(), with a log that takes any ID,"(id) {
    const log = new MemoryEventLog();
    const ids: string[] = [];
    await using channel = new EventChannel({
      log: {
        append(event) {
          ids.push(`${event.id}`);
          return log.append({ ...event, id: undefined });
        },
        read: (after, options) => log.read(after, options),
        rewind: (count, options) => log.rewind(count, options),
        follow: (onBatch, options) => log.follow(onBatch, options),
      },
    });
    let error: unknown;
    await channel.publish({ data: "a", id }).catch((thrown) => error = thrown);
    return check(ids, error);
  },
  async "EventChannel, of an event of onGap"(id) {
    const errors: unknown[] = [];
    await using channel = new EventChannel({
      onGap: () => [{ data: "a", id }],
      onError: (error) => errors.push(error),
    });
    const last = await channel.publish({ data: "end" });
    const headers = { "last-event-id": "unknown" };
    const response = channel.serve(new Request(REQUEST, { headers }));
    const ids = await readIds(readEvents(response), last);
    if (errors.length === 0) return ids;
    assertEquals(ids, []);
    throw errors[0];
  },
  "MemoryEventLog.append()": (id) => append(new MemoryEventLog(), id),
  async "MemoryEventLogs.open()"(id) {
    using logs = new MemoryEventLogs();
    return await append(logs.open("a"), id);
  },
  async "MemoryEventLogs.claim()"(id) {
    using logs = new MemoryEventLogs();
    const claim = await logs.claim("a", { leaseTime: 10_000 });
    const log = logs.open("a");
    return await append({
      append: (event) => claim!.append(event),
      read: (after) => log.read(after),
    }, id);
  },
  async "session.send()"(id) {
    let error: unknown;
    const response = serveEvents(
      new Request(REQUEST),
      (session: EventSession) => {
        try {
          session.send({ data: "a", id });
        } catch (thrown) {
          error = thrown;
        }
        session.close();
      },
    );
    return check(await readIds(readEvents(response)), error);
  },
  "serveEvents(), of an array": (id) => serve([{ data: "a", id }]),
  "serveEvents(), of an async iterable": (id) =>
    serve(async function* () {
      yield { data: "a", id };
    }()),
};

function check(ids: string[], error: unknown): string[] {
  if (error === undefined) return ids;
  assertEquals(ids, []);
  throw error;
}

async function readIds(
  events: AsyncIterable<{ id: string | undefined }>,
  last?: string,
): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of events) {
    if (id === last) break;
    ids.push(`${id}`);
  }
  return ids;
}

async function append(
  log: Pick<MemoryEventLog, "append" | "read">,
  id: string,
): Promise<string[]> {
  let error: unknown;
  await log.append({ data: "a", id }).catch((thrown) => error = thrown);
  const { events } = await log.read("");
  return check(events.map((event) => event.id), error);
}

async function serve(
  source: Parameters<typeof serveEvents>[1],
): Promise<string[]> {
  const errors: unknown[] = [];
  const response = serveEvents(new Request(REQUEST), source, {
    onError: (error) => errors.push(error),
  });
  return check(await readIds(readEvents(response)), errors[0]);
}

for (const { name, id, isWritable, isReturnable } of ID_ROWS) {
  for (const [room, send] of Object.entries(SENDERS)) {
    Deno.test(`${room} ${isReturnable ? "takes" : "refuses"} an ID with ${name}`, async () => {
      if (isReturnable) return assertEquals(await send(id), [id]);
      const error = await assertRejects(() => send(id), TypeError);
      assertEquals(
        /^Cannot (publish|append|send|encode|tell)[^:]*: (expected "id" to be .*, got "|"id" is ".*", )/
          .test(
            error.message,
          ),
        true,
        error.message,
      );
    });
  }

  Deno.test(`the encoder ${isWritable ? "writes" : "refuses"} an ID with ${name}`, async () => {
    const event = { data: "a", id };
    const stream = () =>
      new Response(
        ReadableStream.from([event]).pipeThrough(
          new EventStreamEncoderStream(),
        ),
      ).text();
    if (isWritable) {
      const expected = `data: a\nid: ${id.toWellFormed()}\n\n`;
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      assertEquals(decoder.decode(encodeEvent(event)), expected);
      assertEquals(decoder.decode(encodeEvents([event])), expected);
      assertEquals(await stream(), expected);
    } else {
      assertThrows(() => encodeEvent(event), TypeError);
      assertThrows(() => encodeEvents([event]), TypeError);
      await assertRejects(stream, TypeError);
    }
  });

  Deno.test(`what was decoded can be encoded, whatever the server's ID: ${name}`, async () => {
    const wire = new Response(`id: ${id}\ndata: a\n\n`).body!;
    for await (const event of readEvents(wire)) encodeEvent(event);
  });

  Deno.test(`EventRuns drops the ID of a source's event with ${name}`, async () => {
    await using runs = new EventRuns();
    await runs.start("run", () => [{ data: "a", id }]);
    assertEquals(await runs.ended("run"), "done");
  });
}
