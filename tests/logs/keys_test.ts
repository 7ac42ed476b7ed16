// Copyright 2026 the Tidings authors. MIT license.

/** The keys of logs in Redis: in one slot of a cluster, whatever the names hold. */

import { assertEquals } from "@std/assert";
import { makeKeyBeside, makeKeys, slotOf } from "../../logs/_redis/keys.ts";
import {
  RedisEventLogs,
  RedisStreamsEventLog,
} from "../../logs/redis_streams.ts";
import { testEventLog } from "../conformance/event_log_suite.ts";
import { testEventLogs } from "../conformance/event_logs_suite.ts";
import { HOSTILE_NAMES } from "../support/hostile_names.ts";
import { RedisConnection } from "../support/redis_connection.ts";
import { hasRedis, redisNote, RedisServer } from "../support/redis_server.ts";

/** The keys of channels and the prefixes of logs, which the application chooses. */
const CHOSEN = ["", ...HOSTILE_NAMES, "news", "app:{news}", "x".repeat(3000)];

Deno.test("the keys of ordinary names can be read", () => {
  assertEquals(makeKeys("answers:", "alice"), {
    slotPrefix: "answers:{alice}",
    stream: "answers:{alice}",
    lease: "answers:{alice}:lease",
    writers: "answers:{alice}:writers",
  });
  assertEquals(makeKeys("answers:", "a\0stop").stream, "answers:{a}/stop");
  assertEquals(makeKeyBeside("news", "writer:1"), "{news}:writer:1");
  assertEquals(makeKeyBeside("app:{news}", "writer:1"), "app:{news}:writer:1");
});

Deno.test("all keys of a name share a slot, and a name with what stands before U+0000", () => {
  for (const prefix of CHOSEN) {
    for (const name of HOSTILE_NAMES) {
      const { slotPrefix, stream, lease, writers } = makeKeys(prefix, name);
      const keys = [slotPrefix, stream, lease, writers, `${stream}:wake:1`];
      assertEquals(new Set(keys.map(slotOf)).size, 1, `${prefix} ${name}`);
      const beside = makeKeys(prefix, `${name}\0other`).stream;
      assertEquals(slotOf(beside), slotOf(stream), `${prefix} ${name}`);
    }
  }
});

Deno.test("no two names share a key", () => {
  for (const prefix of CHOSEN) {
    const keys = HOSTILE_NAMES.flatMap((name) => {
      const { stream, lease, writers } = makeKeys(prefix, name);
      return [stream, lease, writers];
    });
    assertEquals(new Set(keys).size, keys.length, prefix);
  }
});

Deno.test("a key beside another one shares its slot", () => {
  for (const key of CHOSEN) {
    const beside = makeKeyBeside(key, "writer:1");
    assertEquals(slotOf(beside), slotOf(key), key);
  }
});

Deno.test(`the slots are those of Redis${redisNote}`, {
  ignore: !hasRedis,
}, async () => {
  await using server = await RedisServer.start({ cluster: true });
  await using client = await RedisConnection.open(server.port);
  for (const name of CHOSEN) {
    const { lease } = makeKeys("logs:", name === "" ? "a" : name);
    for (const key of [name, makeKeyBeside(name, "writer:1"), lease]) {
      const slot = await client.send(["CLUSTER", "KEYSLOT", key]);
      assertEquals(slotOf(key), slot, key);
    }
  }
});

/** A cluster takes 2 s to begin, so all tests of the suites share one. */
const cluster = hasRedis
  ? await RedisServer.start({ cluster: true })
  : undefined;
addEventListener("unload", () => cluster?.discard());

/** Each test of a suite takes the next one, so that all of them have their turn. */
let turn = 0;

async function useCluster(): Promise<
  { client: RedisConnection; chosen: string; close: () => Promise<void> }
> {
  const client = await RedisConnection.open(cluster!.port);
  await client.send(["FLUSHALL"]);
  const chosen = CHOSEN[turn++ % CHOSEN.length]!;
  return { client, chosen, close: () => client.close() };
}

for (const round of [1, 2]) {
  const options = { ownIds: false, ignore: !hasRedis };
  const note = `${redisNote} in a cluster, round ${round},`;
  testEventLog(`RedisStreamsEventLog${note}`, async ({ maxEvents }) => {
    const { client, chosen, close } = await useCluster();
    const log = new RedisStreamsEventLog(client, chosen, { maxEvents });
    return { log, close };
  }, options);
  testEventLogs(`RedisEventLogs${note}`, async () => {
    const { client, chosen, close } = await useCluster();
    return {
      logs: new RedisEventLogs(client, chosen),
      other: new RedisEventLogs(client, chosen),
      countEntries: async () => Number(await client.send(["DBSIZE"])),
      close,
    };
  }, options);
}
