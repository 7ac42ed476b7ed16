// Copyright 2026 the Tidings authors. MIT license.

/**
 * The servers of `docs/durable_logs.md` with the clients from npm, through the bad days
 * of a Redis: what the guide promises holds, and no process ends.
 */

import { assert, assertEquals } from "@std/assert";
import { connect } from "../../client.ts";
import { RedisConnection } from "../support/redis_connection.ts";
import { hasRedis, redisNote, RedisServer } from "../support/redis_server.ts";
import { within } from "../support/within.ts";
import { checkTypes, GuideServer, readExample } from "./_guide_server.ts";

const CLIENTS = { "npm:ioredis": "redis-streams", "npm:redis": "node-redis" };

/** Milliseconds for which Redis is away: longer than a client needs to notice. */
const AWAY = 1500;

/** What may be on a bad day, and comes to an end. */
const BAD_DAYS: {
  name: string;
  /** The password at the beginning. */
  password?: string;
  /** Whether an event that is published meanwhile gets through. */
  getsThrough: boolean;
  begin(redis: RedisServer, admin: RedisConnection): Promise<unknown>;
  end(redis: RedisServer, admin: RedisConnection): Promise<unknown>;
}[] = [
  {
    name: "a restart",
    getsThrough: true,
    begin: (redis) => redis.kill(),
    end: (redis) => redis.restart(),
  },
  {
    name: "a stall",
    getsThrough: true,
    begin: (redis) => Promise.resolve(redis.signal("SIGSTOP")),
    end: (redis) => Promise.resolve(redis.signal("SIGCONT")),
  },
  {
    name: "READONLY",
    getsThrough: true,
    begin: (_, admin) => admin.send(["REPLICAOF", "127.0.0.1", "1"]),
    end: (_, admin) => admin.send(["REPLICAOF", "NO", "ONE"]),
  },
  {
    name: "lost connections",
    getsThrough: true,
    begin: (_, admin) => admin.send(["CLIENT", "KILL", "TYPE", "normal"]),
    end: (_, admin) => admin.send(["CLIENT", "KILL", "TYPE", "normal"]),
  },
  {
    name: "a change of the password",
    password: "old",
    getsThrough: false,
    begin: (_, admin) => changePassword(admin, "new"),
    end: (_, admin) => changePassword(admin, "old"),
  },
];

async function changePassword(
  admin: RedisConnection,
  password: string,
): Promise<void> {
  await admin.send(["CONFIG", "SET", "requirepass", password]);
  await admin.send(["CLIENT", "KILL", "TYPE", "normal"]);
}

for (const [client, example] of Object.entries(CLIENTS)) {
  for (const day of BAD_DAYS) {
    Deno.test({
      name:
        `docs: the server with ${client} serves on after ${day.name}${redisNote}`,
      ignore: !hasRedis,
      fn: () => live(example, day),
    });
  }
}

for (const [client, example] of Object.entries(CLIENTS)) {
  Deno.test(`docs: the server with ${client} compiles`, async () => {
    const directory = await Deno.makeTempDir();
    const file = `${directory}/server.ts`;
    await Deno.writeTextFile(file, await readExample(example));
    const { success, stderr } = await checkTypes(file, directory);
    assert(success, new TextDecoder().decode(stderr));
    await Deno.remove(directory, { recursive: true });
  });
}

async function live(
  example: string,
  { password, getsThrough, begin, end }: typeof BAD_DAYS[number],
): Promise<void> {
  const directory = await Deno.makeTempDir();
  await using redis = await RedisServer.start({ appendfsync: "always" });
  const admin = await RedisConnection.open(redis.port);
  if (password !== undefined) {
    await admin.send(["CONFIG", "SET", "requirepass", password]);
    await admin.send(["AUTH", password]);
  }
  const file = `${directory}/server.ts`;
  await Deno.writeTextFile(file, await readExample(example));
  const login = password === undefined ? "" : `:${password}@`;
  const REDIS_URL = `redis://${login}127.0.0.1:${redis.port}`;
  await using server = new GuideServer(file, directory, { REDIS_URL });
  await within("the server answers", server.ready());
  let connections = 0;
  const received: string[] = [];
  const events = connect(server.url, {
    fetch: (input, init) => {
      connections++;
      return fetch(input, init);
    },
  });
  const reading = (async () => {
    for await (const { data } of events) {
      received.push(data);
      if (data === "last") break;
    }
  })();
  // The client has come once it gets an event.
  for (let i = 0; i < 100 && received.length === 0; i++) {
    await server.publish("first");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await begin(redis, admin);
  const meanwhile = fetch(server.url, { method: "POST", body: "meanwhile" })
    .then(async (response) => (await response.text(), response.ok));
  await new Promise((resolve) => setTimeout(resolve, AWAY));
  await end(redis, admin);
  if (getsThrough) {
    assertEquals(await within("it is published", meanwhile), true);
  } else await within("it is refused", meanwhile);
  await within("it is published", publishUntilTaken(server, "last"));
  await within("the events come", reading);
  assert(server.isRunning);
  assertEquals(connections, 1);
  if (getsThrough) assert(received.includes("meanwhile"));
  await admin.close();
  const printed = await server.end();
  assert(!/Unhandled|Uncaught|not implemented/i.test(printed), printed);
  await Deno.remove(directory, { recursive: true });
}

/** Publishes an event as soon as Redis takes it. */
async function publishUntilTaken(
  server: GuideServer,
  body: string,
): Promise<void> {
  for (;;) {
    const response = await fetch(server.url, { method: "POST", body });
    await response.body?.cancel();
    if (response.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
