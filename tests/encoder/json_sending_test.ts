// Copyright 2026 the Tidings authors. MIT license.

/** Events with `json`, wherever a server takes one. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { type LoggedEvent, MemoryEventLog } from "../../log.ts";
import { type EventSession, serveEvents } from "../../server.ts";
import { BodyClient, makeRequest } from "../channel/_clients.ts";
import { BAD_JSON_ROWS } from "./_json_rows.ts";

Deno.test("serveEvents() sends json of an iterable and of a session", async () => {
  const response = serveEvents(
    makeRequest(),
    async function* (session: EventSession) {
      await session.send({ event: "tick", json: { price: 1 } });
      yield { json: [null], id: 1 };
    },
  );
  assertEquals(
    await response.text(),
    'event: tick\ndata: {"price":1}\n\ndata: [null]\nid: 1\n\n',
  );
});

Deno.test("EventChannel.publish() sends json, and its log and filters see data alone", async () => {
  const log = new MemoryEventLog();
  await using channel = new EventChannel({ log });
  const filtered: LoggedEvent[] = [];
  const response = channel.serve(makeRequest(), {
    filter: (event) => filtered.push(event) > 0,
  });
  await using client = new BodyClient(response).run();
  const start = await log.rewind(0);

  const id = await channel.publish({ event: "tick", json: { price: 1 } });

  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.data, ['{"price":1}']);
  const { events } = await log.read(start);
  for (const event of [events[0]!, filtered[0]!]) {
    assertEquals(event.data, '{"price":1}');
    assertEquals(event.id, id);
    assertEquals("json" in event, false);
  }
});

Deno.test("EventChannel.publish() sends json as it was when it was published", async () => {
  await using channel = new EventChannel();
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  const json = { price: 1 };
  const published = channel.publish({ json });
  json.price = 2;
  await published;
  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.data, ['{"price":1}']);
});

Deno.test("EventChannel with onGap sends json", async () => {
  await using channel = new EventChannel({
    onGap: () => [{ event: "state", json: { score: "2:1" } }],
  });
  const request = makeRequest("unknown");
  await using client = new BodyClient(channel.serve(request)).run();
  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.events[0]?.event, "state");
  assertEquals(client.inbox.data, ['{"score":"2:1"}']);
});

for (const { name, init, message } of BAD_JSON_ROWS) {
  Deno.test(`EventChannel.publish() rejects ${name}, and nobody gets it`, async () => {
    const log = new MemoryEventLog();
    await using channel = new EventChannel({ log });
    const start = await log.rewind(0);
    const error = await assertRejects(() => channel.publish(init), TypeError);
    assertEquals(error.message, `Cannot encode event: ${message}`);
    assertEquals((await log.read(start)).events, []);
  });

  Deno.test(`session.send() throws for ${name}, sends nothing and stays open`, async () => {
    const response = serveEvents(makeRequest(), (session) => {
      const error = assertThrows(() => session.send(init), TypeError);
      assertEquals(error.message, `Cannot encode event: ${message}`);
      session.send({ data: "good" });
      session.close();
    });
    assertEquals(await response.text(), "data: good\n\n");
  });

  Deno.test(`serveEvents() ends with an error at ${name}, after what came before`, async () => {
    const errors: unknown[] = [];
    const events = [{ data: "good" }, init, { data: "never" }];
    const response = serveEvents(makeRequest(), events, {
      onError: (error) => errors.push(error),
    });
    assertEquals(await response.text(), "data: good\n\n");
    assertEquals(
      (errors[0] as Error).message,
      `Cannot encode event: ${message}`,
    );
  });
}
