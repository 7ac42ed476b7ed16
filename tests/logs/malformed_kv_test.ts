// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { EventLogEntryError } from "../../log.ts";
import { DenoKvEventLog, DenoKvEventLogs } from "../../logs/deno_kv.ts";
import { BodyClient, makeRequest } from "../channel/_clients.ts";

const ENCODER = new TextEncoder();

/** Values that another program writes in place of an event. */
const VALUES: { name: string; value: unknown }[] = [
  { name: "text", value: "not bytes" },
  { name: "an object", value: { data: "x" } },
  { name: "null", value: null },
  { name: "no line", value: new Uint8Array() },
  { name: "bytes that are no UTF-8", value: new Uint8Array([255, 254]) },
  { name: "too many lines", value: ENCODER.encode("tag\n{}\n{}\n{}") },
  { name: "a line that is no JSON", value: ENCODER.encode("tag\n{broken") },
  { name: "a line that is null", value: ENCODER.encode("tag\nnull") },
  { name: "a line that is a number", value: ENCODER.encode("tag\n5") },
  {
    name: "a line feed in the type",
    value: ENCODER.encode('tag\n{"event":"a\\nb","data":"x"}'),
  },
  {
    name: "a retry that is text",
    value: ENCODER.encode('tag\n{"data":"x","retry":"soon"}'),
  },
  {
    name: "data that is an object",
    value: ENCODER.encode('tag\n{"data":{}}'),
  },
  {
    name: "topics that are no list",
    value: ENCODER.encode('tag\n{"data":"x","topics":"ada"}'),
  },
  {
    name: "topics that are numbers",
    value: ENCODER.encode('tag\n{"data":"x","topics":[1]}'),
  },
  {
    name: "a conflation key that is a number",
    value: ENCODER.encode('tag\n{"data":"x","conflationKey":1}'),
  },
  {
    name: "a disconnect that is text",
    value: ENCODER.encode('tag\n{"data":"x","disconnect":"no"}'),
  },
];

for (const { name, value } of VALUES) {
  Deno.test(`DenoKvEventLog leaves out an entry with ${name}, and tells it once`, async () => {
    using kv = await Deno.openKv(":memory:");
    const log = new DenoKvEventLog(kv, ["news"]);
    const start = await log.append({ data: "start" });
    await log.append({ data: "1" });
    const id = await log.append({ data: "to be overwritten" });
    await kv.set(["news", "blocks", 3, 3, 0, 1], value);
    await log.append({ data: "2" });
    const errors: unknown[] = [];
    await using channel = new EventChannel({
      log,
      onError: (error) => errors.push(error),
    });
    for (let i = 0; i < 3; i++) {
      await using client = new BodyClient(
        channel.serve(makeRequest(start), { topics: "all" }),
      ).run();
      await client.inbox.untilEvents(2);
      assertEquals(client.inbox.data, ["1", "2"]);
    }
    assertEquals(channel.counters.gaps, 0);
    assertEquals(errors.length, 1);
    assert(errors[0] instanceof EventLogEntryError);
    assertEquals(errors[0].id, id);
  });
}

Deno.test("DenoKvEventLog passes over keys that no event can have", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = new DenoKvEventLog(kv, ["news"]);
  const start = await log.append({ data: "start" });
  await kv.set(["news", "blocks", true], "x");
  await kv.set(["news", "blocks", 9, "a", 0, 1], "x");
  await log.append({ data: "1" });
  const { events, gap } = await log.read(start);
  assertEquals([events.map(({ data }) => data), gap], [["1"], false]);
});

Deno.test("DenoKvEventLogs gives the state of a name whose last entry is no event", async () => {
  using kv = await Deno.openKv(":memory:");
  const logs = new DenoKvEventLogs(kv, ["runs"]);
  await logs.open("a").append({ data: "1" });
  for await (const { key, value } of kv.list({ prefix: ["runs"] })) {
    if (value instanceof Uint8Array) await kv.set(key, "garbage");
  }
  const { last } = await logs.inspect("a");
  assertEquals(last?.data, undefined);
  assert(last?.fault instanceof EventLogEntryError);
  await logs.expire("a", 60_000);
});
