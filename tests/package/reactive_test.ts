// Copyright 2026 the Tidings authors. MIT license.

/** Objects of ours inside Vue's `reactive()`, which wraps what looks like a plain object. */

import { assert, assertEquals } from "@std/assert";
import { connect, EventSource } from "../../client.ts";
import { EventStreamParser, readEvents } from "../../parser.ts";
import { EventChannel, MemoryEventLog, MemoryEventLogs } from "../../mod.ts";
import * as parts from "../../mod.ts";
import { DenoKvEventLog, DenoKvEventLogs } from "../../logs/deno_kv.ts";
import {
  RedisEventLogs,
  RedisStreamsEventLog,
} from "../../logs/redis_streams.ts";
import { PostgresEventLog, PostgresEventLogs } from "../../logs/postgres.ts";
import { SqliteEventLog, SqliteEventLogs } from "../../logs/sqlite.ts";
import { followPage } from "../../page/mod.ts";
import { EventRuns } from "../../runs/mod.ts";
import { SharedEventSource } from "../../shared/mod.ts";
import { checkEvents, unchecked } from "../../typed/mod.ts";
import { eventStream } from "../support/event_server.ts";

/** The rule of `reactive()` in `@vue/reactivity`, by the tag of a value. */
function reactive<T extends object>(value: T): T {
  const tag = Object.prototype.toString.call(value);
  const isWrapped = /^\[object (?:Object|Array|(?:Weak)?(?:Map|Set))\]$/;
  if (!isWrapped.test(tag)) return value;
  return new Proxy(value, {
    get(target, name, receiver): unknown {
      const member: unknown = Reflect.get(target, name, receiver);
      return member instanceof Object ? reactive(member) : member;
    },
  });
}

const TEXT = "id: 1\ndata: 1\n\n";
const connection = () =>
  connect("http://a", {
    method: "POST",
    fetch: () => Promise.resolve(eventStream(TEXT)),
  });

for (
  const [name, open] of Object.entries({
    "connect()": connection,
    "readEvents()": () => readEvents(eventStream(TEXT)),
    "checkEvents() of connect()": () =>
      checkEvents(connection(), { message: unchecked<number>() }),
    "checkEvents() of readEvents()": () =>
      checkEvents(readEvents(eventStream(TEXT)), {
        message: unchecked<number>(),
      }),
  })
) {
  Deno.test(`${name} works inside reactive()`, async () => {
    const state = reactive({ events: open() });
    const data: string[] = [];
    for await (const event of state.events) data.push(event.data);
    assertEquals(data, ["1"]);
    await state.events.return?.();
  });
}

Deno.test("EventStreamParser works inside reactive()", () => {
  const data: string[] = [];
  const state = reactive({
    parser: new EventStreamParser((event) => data.push(event.data)),
  });
  state.parser.push(TEXT);
  state.parser.reset();
  assertEquals([data, state.parser.lastEventId], [["1"], "1"]);
});

Deno.test("EventChannel works inside reactive()", async () => {
  const state = reactive({ channel: new EventChannel() });
  assertEquals(state.channel.size, 0);
  await state.channel.close();
});

Deno.test("followPage() works inside reactive()", () => {
  const events = connection();
  const state = reactive({ follower: followPage(events) });
  state.follower.stop();
  state.follower[Symbol.dispose]();
  events.close();
});

/** A client of each engine, which no log uses before it is called. */
const UNUSED = {
  query: unused,
  listen: unused,
  exec: unused,
  prepare: unused,
  send: unused,
  duplicate: unused,
  close: unused,
  get: unused,
};

function unused(): never {
  throw new Error("The client was used");
}

for (
  const [name, logs] of Object.entries({
    DenoKvEventLogs: new DenoKvEventLogs(UNUSED as unknown as Deno.Kv, ["a"]),
    PostgresEventLogs: new PostgresEventLogs(UNUSED, "a"),
    RedisEventLogs: new RedisEventLogs(UNUSED, "a:"),
    SqliteEventLogs: new SqliteEventLogs(UNUSED, "a"),
  })
) {
  Deno.test(`the logs of ${name} are left as they are by reactive()`, () => {
    const log = logs.open("b");
    assert(reactive({ log }).log === log);
  });
}

Deno.test("the public classes have a tag of their own, as those of the platform have", () => {
  const classes = {
    ...parts,
    DenoKvEventLog,
    DenoKvEventLogs,
    EventRuns,
    EventSource,
    MemoryEventLog,
    MemoryEventLogs,
    PostgresEventLog,
    PostgresEventLogs,
    RedisEventLogs,
    RedisStreamsEventLog,
    SharedEventSource,
    SqliteEventLog,
    SqliteEventLogs,
  };
  const tags: string[] = [];
  for (const [name, value] of Object.entries(classes)) {
    if (typeof value !== "function" || !/^[A-Z]/.test(name)) continue;
    const { prototype } = value as { prototype: object };
    if (prototype instanceof Error) continue;
    const tag = Object.prototype.toString.call(Object.create(prototype));
    assert(tag !== "[object Object]", name);
    tags.push(tag);
  }
  assert(tags.includes("[object EventChannel]"), tags.join());
});
