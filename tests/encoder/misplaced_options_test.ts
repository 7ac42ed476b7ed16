// Copyright 2026 the Tidings authors. MIT license.

/**
 * A member of an event that elsewhere is an option which decides who gets the event: it
 * would have no effect, and everybody would get an event that is meant for some.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import {
  encodeEvent,
  encodeEvents,
  EventStreamEncoderStream,
} from "../../encoder.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { MemoryEventLog } from "../../log.ts";
import { readEvents } from "../../parser.ts";
import { EventRuns } from "../../runs/mod.ts";
import { serveEvents } from "../../server.ts";

/** Sends an event, and returns the text that whoever it reaches gets. */
type Send = (event: ServerSentEventInit) => Promise<string>;

const request = (headers = {}) => new Request("http://localhost/", { headers });
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Serves a source; rejects with the error that it is told, and that nothing was sent. */
async function serve(
  source: Parameters<typeof serveEvents>[1],
): Promise<string> {
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const text = await serveEvents(request(), source, { onError }).text();
  if (errors.length === 0) return text;
  assertEquals(text, "");
  throw errors[0];
}

/** What can send an event. */
const DOORS: Record<string, Send> = {
  "encodeEvent()": async (event) => await decode(encodeEvent(event)),
  "encodeEvents()": async (event) => await decode(encodeEvents([event])),
  EventStreamEncoderStream: async (event) => {
    const body = ReadableStream.from([event])
      .pipeThrough(new EventStreamEncoderStream());
    return await new Response(body).text();
  },
  "serveEvents() of an array": (event) => serve([event]),
  "serveEvents() of a generator": (event) =>
    serve(async function* () {
      yield await event;
    }),
  "serveEvents() of a stream": (event) => serve(ReadableStream.from([event])),
  "EventSession.send()": (event) =>
    serve(async (session) => {
      try {
        await session.send(event);
      } finally {
        session.close();
      }
      return [];
    }),
  "EventChannel.publish()": async (event) => {
    await using channel = new EventChannel();
    const response = channel.serve(request());
    try {
      await channel.publish(event);
    } catch (error) {
      await channel.publish({ data: "next" });
      const { value } = await readEvents(response).next();
      assertEquals(value?.data, "next");
      throw error;
    }
    const events = readEvents(response);
    const { value } = await events.next();
    await events.return?.();
    return value?.data ?? "";
  },
  "EventChannel.publish() with topics": async (event) => {
    await using channel = new EventChannel();
    await channel.publish(event, { topics: ["room:tea"] });
    return event.data ?? "";
  },
  "onGap of EventChannel": async (event) => {
    const errors: unknown[] = [];
    await using channel = new EventChannel({
      onGap: () => [event],
      onError: (error) => errors.push(error),
    });
    const response = channel.serve(request({ "last-event-id": "lost" }));
    const events = readEvents(response);
    const { value } = await events.next();
    await events.return?.();
    if (errors.length > 0) throw errors[0];
    return value?.data ?? "";
  },
  "the source of EventRuns": async (event) => {
    const errors: unknown[] = [];
    await using runs = new EventRuns({
      onError: (error) => errors.push(error),
    });
    await runs.start("a", () => [event]);
    await runs.ended("a");
    if (errors.length > 0) throw errors[0];
    return await (await runs.serve("a", request())).text();
  },
  "endEvent of EventRuns": async (event) => {
    const errors: unknown[] = [];
    await using runs = new EventRuns({
      endEvent: () => event,
      onError: (error) => errors.push(error),
    });
    await runs.start("a", () => []);
    await runs.ended("a");
    if (errors.length > 0) throw errors[0];
    return await (await runs.serve("a", request())).text();
  },
};

const MEMBERS: Record<string, unknown> = {
  topics: ["user:ada"],
  topic: "user:ada",
  types: ["rain"],
  filter: () => false,
  to: "ada",
  conflationKey: "price",
  transaction: { id: 1 },
  disconnect: true,
};

for (const [door, send] of Object.entries(DOORS)) {
  for (const [member, value] of Object.entries(MEMBERS)) {
    Deno.test(`${door} refuses an event with "${member}"`, async () => {
      for (const wrong of [value, null, []]) {
        const event = { data: "secret", [member]: wrong };
        await assertRejects(
          () => send(event),
          TypeError,
          `expected "${member}" to be an option, and no member of an event, got`,
        );
      }
    });
  }

  Deno.test(`${door} refuses an event that inherits an option`, async () => {
    class PrivateEvent {
      data = "secret";
      get topics() {
        return ["user:ada"];
      }
    }
    await assertRejects(() => send(new PrivateEvent()), TypeError, '"topics"');
  });

  Deno.test(`${door} takes an event that was received, and other members`, async () => {
    const received = {
      event: "message",
      data: "for all",
      id: undefined,
      lastEventId: "5",
    };
    assert((await send(received)).includes("for all"));
    const other = { data: "for all", name: "Ada", topics: undefined };
    assert((await send(other)).includes("for all"));
  });
}

Deno.test("EventChannel.publish() takes a stored event with the topics that it has", async () => {
  const log = new MemoryEventLog();
  await log.append({ data: "for Ada" }, { topics: ["user:ada"] });
  const { events: [stored] } = await log.read(await log.rewind(1));
  assert(stored !== undefined);
  const { topics } = stored;
  await using channel = new EventChannel();
  await assertRejects(() => channel.publish(stored), TypeError, '"topics"');
  await assertRejects(
    () => channel.publish(stored, { topics: ["user:bob"] }),
    TypeError,
    '"topics"',
  );
  await channel.publish({ ...stored, id: undefined }, { topics: topics! });
});

Deno.test("EventChannel sends the events of a log that have topics", async () => {
  const log = new MemoryEventLog();
  const id = await log.append({ data: "for all" });
  await log.append({ data: "for Ada" }, { topics: ["user:ada"] });
  await using channel = new EventChannel({ log });
  const response = channel.serve(request({ "last-event-id": id }), {
    topics: ["user:ada"],
  });
  const events = readEvents(response);
  assertEquals((await events.next()).value?.data, "for Ada");
  await events.return?.();
});
