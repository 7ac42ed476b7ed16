// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { EventLogEntryError } from "../../log.ts";
import {
  RedisEventLogs,
  RedisStreamsEventLog,
} from "../../logs/redis_streams.ts";
import { EventRuns } from "../../runs/mod.ts";
import { BodyClient, makeRequest, until } from "../channel/_clients.ts";
import { checkChannel } from "./_malformed_entries.ts";
import { RedisConnection } from "../support/redis_connection.ts";
import { hasRedis, redisNote, RedisServer } from "../support/redis_server.ts";
import { recordWarnings } from "../support/warnings.ts";

/** Entries that another program adds: names and values, alternating. */
const ENTRIES: { name: string; fields: string[] }[] = [
  { name: "a retry that is text", fields: ["data", "x", "retry", "soon"] },
  { name: "an empty retry", fields: ["data", "x", "retry", ""] },
  { name: "a negative retry", fields: ["data", "x", "retry", "-1"] },
  { name: "a fractional retry", fields: ["data", "x", "retry", "1.5"] },
  { name: "a retry in hexadecimal", fields: ["data", "x", "retry", "0x10"] },
  { name: "an endless retry", fields: ["data", "x", "retry", "9".repeat(400)] },
  { name: "a line feed in the type", fields: ["data", "x", "event", "a\nb"] },
  { name: "a CR in the type", fields: ["data", "x", "event", "a\rb"] },
  { name: "unknown fields only", fields: ["text", "x"] },
  { name: "an ID and no data", fields: ["id", "a\0b"] },
  { name: "topics that are cut off", fields: ["data", "x", "topics", '["a'] },
  { name: "topics that are numbers", fields: ["data", "x", "topics", "[1]"] },
  {
    name: "a disconnect that is no",
    fields: ["data", "x", "disconnect", "no"],
  },
];

async function withRedis(
  fn: (client: RedisConnection) => Promise<void>,
): Promise<void> {
  await using server = await RedisServer.start();
  await using client = await RedisConnection.open(server.port);
  await fn(client);
}

Deno.test({
  name:
    `RedisStreamsEventLog${redisNote} leaves out what is no event, and tells it once`,
  ignore: !hasRedis,
  fn: () =>
    withRedis(async (client) => {
      for (const [index, { name, fields }] of ENTRIES.entries()) {
        const key = `news:${index}`;
        await checkChannel(
          new RedisStreamsEventLog(client, key),
          async () => String(await client.send(["XADD", key, "*", ...fields])),
          name,
        );
      }
    }),
});

Deno.test({
  name:
    `RedisStreamsEventLog${redisNote} goes on after many entries that are no events`,
  ignore: !hasRedis,
  fn: () =>
    withRedis(async (client) => {
      const log = new RedisStreamsEventLog(client, "news");
      const errors: unknown[] = [];
      await using channel = new EventChannel({
        log,
        onError: (error) => errors.push(error),
      });
      const start = await channel.publish({ data: "start" });
      for (let i = 0; i < 600; i++) {
        await client.send(["XADD", "news", "*", "data", "x", "retry", "soon"]);
      }
      await channel.publish({ data: "end" });
      await using client1 = new BodyClient(channel.serve(makeRequest(start)))
        .run();
      await client1.inbox.untilEvents(1);
      assertEquals(client1.inbox.data, ["end"]);
      assertEquals(errors.length, 600);
    }),
});

Deno.test({
  name:
    `RedisStreamsEventLog${redisNote} takes entries of other programs that are events`,
  ignore: !hasRedis,
  fn: () =>
    withRedis(async (client) => {
      using recorder = recordWarnings();
      const log = new RedisStreamsEventLog(client, "news");
      await using channel = new EventChannel({ log });
      const start = await channel.publish({});
      const entries = [
        ["data", "1", "unknown", "x"],
        ["data", "2", "data", "3"],
        ["event", "quiet"],
        ["data", "x".repeat(1_000_000)],
        ["data", "4", "retry", "0020"],
      ];
      for (const fields of entries) {
        await client.send(["XADD", "news", "*", ...fields]);
      }
      await using reader = new BodyClient(channel.serve(makeRequest(start)))
        .run();
      await reader.inbox.untilEvents(4);
      assertEquals(
        reader.inbox.data.map((data) => data.slice(0, 3)),
        ["1", "3", "xxx", "4"],
      );
      assertEquals(recorder.codes, []);
    }),
});

const RUN_ENTRIES: { name: string; fields: string[] }[] = [
  { name: "no events before", fields: ["data", "x", "before", "{broken"] },
  { name: "texts before", fields: ["data", "x", "before", '["a"]'] },
  { name: "more before than there can be", fields: ["before", "[[],[],[]]"] },
  { name: "a start of nowhere", fields: ["start", "nowhere"] },
  { name: "a retry that is text", fields: ["data", "x", "retry", "soon"] },
];

for (const { name, fields } of RUN_ENTRIES) {
  Deno.test({
    name:
      `RedisEventLogs${redisNote} gives readers what is around an entry with ${name}`,
    ignore: !hasRedis,
    fn: () =>
      withRedis(async (client) => {
        const log = new RedisEventLogs(client, "logs:").open("a");
        await log.append({ data: "1" });
        const [key] = (await client.send(["KEYS", "*{*}"])) as string[];
        await client.send(["XADD", key ?? "", "*", ...fields]);
        await log.append({ data: "2" });
        const controller = new AbortController();
        const { signal } = controller;
        const followed: string[] = [];
        const following = log.follow(({ events }) => {
          for (const { data } of events) followed.push(data ?? "");
        }, { after: "0-0", signal }).catch(() => {});
        await until(() => followed.includes("2"));
        const read: string[] = [];
        for (let cursor = "0-0";;) {
          const batch = await log.read(cursor);
          if (batch.events.length === 0) break;
          for (const { data } of batch.events) read.push(data ?? "");
          cursor = batch.cursor;
        }
        assertEquals(read.filter((data) => data !== ""), ["1", "2"]);
        controller.abort();
        await following;
      }),
  });
}

Deno.test({
  name:
    `EventRuns${redisNote} tells once of an entry that is no event, however many read it`,
  ignore: !hasRedis,
  fn: () =>
    withRedis(async (client) => {
      const errors: [unknown, string][] = [];
      const logs = new RedisEventLogs(client, "logs:");
      await using runs = new EventRuns({
        logs,
        onError: (...args) => void errors.push(args),
      });
      let end = (): void => {};
      await runs.start("a", async function* () {
        yield { data: "1" };
        await new Promise<void>((resolve) => end = resolve);
        yield { data: "2", event: "last" };
      });
      await until(() => errors.length === 0);
      const keys = (await client.send(["KEYS", "logs:*"])) as string[];
      for (const key of keys) {
        if (await client.send(["TYPE", key]) !== "stream") continue;
        const [[id]] = (await client.send(
          ["XREVRANGE", key, "+", "-", "COUNT", "1"],
        )) as [[string]];
        const [time, sequence] = id.split("-");
        const next = `${time}-${Number(sequence) + 1}`;
        await client.send(["XADD", key, next, "data", "x", "retry", "soon"]);
      }
      for (let i = 0; i < 3; i++) {
        const controller = new AbortController();
        const response = await runs.serve(
          "a",
          new Request("http://localhost/"),
        );
        const reader = response.body!.getReader();
        await reader.read();
        await until(() => errors.length > 0);
        await reader.cancel();
        controller.abort();
      }
      const entries = errors.filter(([error]) =>
        error instanceof EventLogEntryError
      );
      assertEquals(entries.length, 1);
      assertEquals(entries[0]?.[1], "a");
      end();
      await runs.ended("a");
    }),
});
