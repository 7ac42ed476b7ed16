// Copyright 2026 the Tidings authors. MIT license.

/**
 * Names with a lone surrogate are refused in every room: in UTF-8 all lone surrogates
 * are the same three bytes, so that in an engine two names would be one.
 */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
  fail,
} from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { type EventLogs, MemoryEventLogs } from "../../log.ts";
import { DenoKvEventLog, DenoKvEventLogs } from "../../logs/deno_kv.ts";
import {
  type PostgresClient,
  PostgresEventLog,
  PostgresEventLogs,
} from "../../logs/postgres.ts";
import {
  type RedisClient,
  RedisEventLogs,
  RedisStreamsEventLog,
} from "../../logs/redis_streams.ts";
import {
  type SqliteDatabase,
  SqliteEventLog,
  SqliteEventLogs,
} from "../../logs/sqlite.ts";
import { EventRuns } from "../../runs/mod.ts";
import { SharedEventSource } from "../../shared/mod.ts";
import { serveSocket } from "../../socket/server.ts";

const NAMES = ["\ud800", "\udfff", "a\ud800b", "\udc00\ud800"];

/** Fails on whatever is called of it: a name is refused before that. */
function makeUnused<T extends object>(what: string): T {
  return new Proxy({} as T, {
    get(_, property) {
      return () => fail(`${what}.${String(property)} was used`);
    },
  });
}

type Kv = ConstructorParameters<typeof DenoKvEventLog>[0];
const KV = makeUnused<Kv>("Deno KV");
const REDIS = makeUnused<RedisClient>("Redis");
const POSTGRES: PostgresClient = { query: () => fail("PostgreSQL was used") };
const SQLITE: SqliteDatabase = {
  exec: () => fail("SQLite was used"),
  prepare: () => fail("SQLite was used"),
};
const request = (): Request => new Request("http://localhost/");

/** What takes a name, by the name that its error gives to the parameter. */
const ROOMS: [
  room: string,
  parameter: string,
  use: (name: string) => unknown,
][] = [
  ...logsRooms("MemoryEventLogs", () => new MemoryEventLogs()),
  ...logsRooms("DenoKvEventLogs", () => new DenoKvEventLogs(KV, ["a"])),
  ...logsRooms("RedisEventLogs", () => new RedisEventLogs(REDIS, "a:")),
  ["DenoKvEventLog", "prefix", (name) => new DenoKvEventLog(KV, [1, name])],
  ["DenoKvEventLogs", "prefix", (name) => new DenoKvEventLogs(KV, [name])],
  ...logsRooms("SqliteEventLogs", () => new SqliteEventLogs(SQLITE, "a")),
  ["SqliteEventLog", "name", (name) => new SqliteEventLog(SQLITE, name)],
  [
    "SqliteEventLogs",
    "collection",
    (name) => new SqliteEventLogs(SQLITE, name),
  ],
  ...logsRooms(
    "PostgresEventLogs",
    () => new PostgresEventLogs(POSTGRES, "a"),
  ),
  ["PostgresEventLog", "name", (name) => new PostgresEventLog(POSTGRES, name)],
  [
    "PostgresEventLogs",
    "collection",
    (name) => new PostgresEventLogs(POSTGRES, name),
  ],
  [
    "RedisStreamsEventLog",
    "key",
    (name) => new RedisStreamsEventLog(REDIS, name),
  ],
  ["RedisEventLogs", "prefix", (name) => new RedisEventLogs(REDIS, name)],
  [
    "EventRuns.start()",
    "id",
    (name) => withRuns((runs) => runs.start(name, () => [])),
  ],
  ["EventRuns.stop()", "id", (name) => withRuns((runs) => runs.stop(name))],
  ["EventRuns.status()", "id", (name) => withRuns((runs) => runs.status(name))],
  ["EventRuns.ended()", "id", (name) => withRuns((runs) => runs.ended(name))],
  [
    "EventChannel.publish()",
    "topics",
    (name) =>
      withChannel((channel) =>
        channel.publish({ data: "a" }, { topics: ["a", name] })
      ),
  ],
  [
    "EventChannel.disconnect()",
    "topic",
    (name) => withChannel((channel) => channel.disconnect(name)),
  ],
  [
    "EventChannel.count()",
    "topic",
    (name) => withChannel((channel) => channel.count(name)),
  ],
  [
    "EventChannel.serve()",
    "topics",
    (name) =>
      withChannel((channel) => channel.serve(request(), { topics: [name] })),
  ],
  [
    "EventChannel.serve()",
    "types",
    (name) =>
      withChannel((channel) => channel.serve(request(), { types: [name] })),
  ],
  [
    "EventChannel.serve()",
    "key",
    (name) =>
      withChannel((channel) => channel.serve(request()), {
        key: () => name,
        maxSubscribersPerKey: 1,
      }),
  ],
  [
    "serveSocket()",
    "key",
    (name) =>
      serveSocket(request(), () => {}, { key: name, maxSessionsPerKey: 1 }),
  ],
  [
    "SharedEventSource",
    "key",
    (name) => new SharedEventSource("http://localhost/", { key: name }),
  ],
];

function logsRooms(
  engine: string,
  make: () => EventLogs,
): typeof ROOMS {
  return [
    [`${engine}.open()`, "name", (name) => make().open(name)],
    [
      `${engine}.claim()`,
      "name",
      (name) => make().claim(name, { leaseTime: 1000 }),
    ],
    [`${engine}.inspect()`, "name", (name) => make().inspect(name)],
    [`${engine}.expire()`, "name", (name) => make().expire(name, 1000)],
  ];
}

async function withRuns(use: (runs: EventRuns) => unknown): Promise<void> {
  await using runs = new EventRuns();
  await use(runs);
}

async function withChannel(
  use: (channel: EventChannel) => unknown,
  options: ConstructorParameters<typeof EventChannel>[0] = {},
): Promise<void> {
  await using channel = new EventChannel(options);
  await use(channel);
}

for (const [room, parameter, use] of ROOMS) {
  Deno.test(`${room} refuses "${parameter}" with a lone surrogate`, async () => {
    for (const name of NAMES) {
      const error = await assertRejects(async () => await use(name), TypeError);
      // Of a list, the error names the entry.
      const where = new RegExp(
        `: expected "${parameter}(\\[\\d\\])?" to be text without a lone surrogate, got `,
      );
      assertMatch(error.message, where);
      assert(error.message.endsWith(JSON.stringify(name)));
    }
  });
}

Deno.test("EventRuns.serve() answers an ID that no run can have as one that nobody knows", async () => {
  await using runs = new EventRuns();
  for (const id of [...NAMES, "", "unknown"]) {
    assertEquals((await runs.serve(id, request())).status, 404);
    const notFound = (): Response => new Response("none", { status: 410 });
    const response = await runs.serve(id, request(), { notFound });
    assertEquals([response.status, await response.text()], [410, "none"]);
  }
});

Deno.test("names that are well-formed are taken as they are", async () => {
  using logs = new MemoryEventLogs();
  for (const name of ["\ufffd", "\ud83e\udd95", "é", "a\0b", "{}"]) {
    await logs.open(name).append({ data: name });
    assertEquals((await logs.inspect(name)).last?.data, name);
  }
  assertThrows(() => logs.open(""), TypeError, '"name"');
  assert((await logs.inspect("unknown")).last === undefined);
});
