// Copyright 2026 the Tidings authors. MIT license.

/** The prefixes of keys that logs in Deno KV take, and those that they refuse. */

import { assertEquals, assertThrows } from "@std/assert";
import { HOSTILE_NAMES } from "../support/hostile_names.ts";
import { DenoKvEventLog, DenoKvEventLogs } from "../../logs/deno_kv.ts";

type Prefix = ConstructorParameters<typeof DenoKvEventLog>[1];

/** Prefixes that take 900 bytes as Deno KV writes them: the most that there may be. */
const LONGEST: Record<string, Prefix> = {
  "a text": ["x".repeat(898)],
  "text beyond ASCII": ["é".repeat(449)],
  "text with U+0000": ["\0".repeat(449)],
  "bytes": [new Uint8Array(898).fill(1)],
  "zeros": [new Uint8Array(449)],
  "numbers": Array(100).fill(1.5),
  "booleans": Array(900).fill(true),
  "bigints": Array(300).fill(1n),
  "several parts": [
    "x".repeat(400),
    new Uint8Array(200),
    7,
    true,
    0n,
    "y".repeat(81),
  ],
};

for (const [name, prefix] of Object.entries(LONGEST)) {
  Deno.test(`DenoKvEventLogs takes the longest prefix with the longest name: ${name}`, async () => {
    using kv = await Deno.openKv(":memory:");
    const log = new DenoKvEventLog(kv, prefix);
    await log.append({ data: "a" });
    const logs = new DenoKvEventLogs(kv, [...prefix]);
    for (const name of ["x".repeat(1040), "\0".repeat(520)]) {
      const claim = await logs.claim(name, { leaseTime: 1000 });
      await claim!.append({ data: "in a log by name" });
      assertEquals((await logs.inspect(name)).last?.data, "in a log by name");
    }
    const { events } = await log.read(await log.rewind(1));
    assertEquals(events.map(({ data }) => data), ["a"]);
    for (const Log of [DenoKvEventLog, DenoKvEventLogs]) {
      assertThrows(
        () => new Log(kv, [...prefix, false]),
        RangeError,
        'expected "prefix" to take at most 900 bytes, got 901',
      );
    }
  });
}

Deno.test("DenoKvEventLogs refuses a prefix that is no list of parts of keys", async () => {
  using kv = await Deno.openKv(":memory:");
  const wrong: [prefix: unknown, got: string][] = [
    ["news", '"news"'],
    [undefined, "undefined"],
    [null, "null"],
    [{ 0: "news" }, "an object"],
    [["news", undefined], "undefined"],
    [[null], "null"],
    [[["news"]], "an array"],
    [[{}], "an object"],
  ];
  for (const [prefix, got] of wrong) {
    for (const Log of [DenoKvEventLog, DenoKvEventLogs]) {
      assertThrows(
        () => new Log(kv, prefix as Prefix),
        TypeError,
        `expected "prefix" to be an array of strings, numbers, bigints, booleans or Uint8Arrays, got ${got}`,
      );
    }
  }
});

Deno.test("DenoKvEventLog and logs by any name share a prefix, and none reaches another", async () => {
  using kv = await Deno.openKv(":memory:");
  const prefix = ["app"];
  const make = () => new DenoKvEventLog(kv, prefix, { maxEvents: 4 });
  const logs = new DenoKvEventLogs(kv, prefix);
  const names = [...HOSTILE_NAMES, "head", "blocks", "app"];
  const log = make();
  for (const name of new Set(names)) {
    await log.append({ data: name });
    const claim = await logs.claim(name, { leaseTime: 60_000 });
    await claim!.append({ data: name });
    await logs.open(name).append({ data: `${name} again` });
    assertEquals((await log.read(await log.rewind(1))).events.length, 1);
  }
  for (const each of [log, make()]) {
    const id = await each.append({ data: "more" });
    const { events, gap } = await each.read(await each.rewind(Infinity));
    assertEquals([events.at(-1)?.id, gap], [id, false]);
  }
  for (const name of new Set(names)) {
    const named = logs.open(name);
    const { events } = await named.read(await named.rewind(Infinity));
    assertEquals(events.map(({ data }) => data), [name, `${name} again`]);
  }
});
