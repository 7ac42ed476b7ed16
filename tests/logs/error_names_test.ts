// Copyright 2026 the Tidings authors. MIT license.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { EventChannel } from "../../channel.ts";
import type { EventLog } from "../../log.ts";
import { DenoKvEventLog, DenoKvEventLogs } from "../../logs/deno_kv.ts";
import {
  type RedisClient,
  RedisEventLogs,
  RedisStreamsEventLog,
} from "../../logs/redis_streams.ts";
import { PostgresEventLog } from "../../logs/postgres.ts";
import type { KvStore } from "../../logs/_deno_kv/store.ts";
import { recordWarnings } from "../support/warnings.ts";

class EngineError extends Error {
  override name = "EngineError";
  code = "ECLOSED";
}

/** An engine's error that is final, so that nothing is tried again. */
function makeError(): Error {
  return new EngineError("WRONGTYPE The database is closed");
}

const refuse = (): never => {
  throw makeError();
};

const CLIENT: RedisClient = {
  send: () => Promise.reject(makeError()),
  duplicate: () => Promise.reject(makeError()),
  close: () => Promise.resolve(),
};

const STORE = {
  get: refuse,
  list: refuse,
  watch: refuse,
  atomic: refuse,
} as unknown as KvStore;

const OPTIONS = { timeout: 50 };

/** Logs in engines that fail, and what errors call them. */
const LOGS: { name: string; log: EventLog; called: string }[] = [
  {
    name: "RedisStreamsEventLog",
    log: new RedisStreamsEventLog(CLIENT, "news", OPTIONS),
    called: '"news"',
  },
  {
    name: "a log of RedisEventLogs",
    log: new RedisEventLogs(CLIENT, "runs", OPTIONS).open("answer"),
    called: '"answer"',
  },
  {
    name: "DenoKvEventLog",
    log: new DenoKvEventLog(STORE, ["news", 1], OPTIONS),
    called: '["news", 1]',
  },
  {
    name: "a log of DenoKvEventLogs",
    log: new DenoKvEventLogs(STORE, ["runs"], OPTIONS).open("answer"),
    called: '"answer"',
  },
];

const CALLS: {
  name: string;
  verb: string;
  call: (log: EventLog) => unknown;
}[] = [
  {
    name: "append",
    verb: "append to",
    call: (log) => log.append({ data: "a" }),
  },
  { name: "read", verb: "read", call: (log) => log.read("0-0") },
  { name: "rewind", verb: "rewind", call: (log) => log.rewind(1) },
  { name: "follow", verb: "follow", call: (log) => log.follow(() => {}) },
];

for (const { name, log, called } of LOGS) {
  for (const { name: method, verb, call } of CALLS) {
    Deno.test(`${name} is named in the error of ${method}()`, async () => {
      using _recorder = recordWarnings();
      const error = await assertRejects(async () => await call(log), Error);
      assertStringIncludes(error.message, `Cannot ${verb} event log ${called}`);
      const isTimeout = error.name === "TimeoutError";
      if (!isTimeout) {
        assert(error instanceof EngineError);
        assertEquals(error.name, "EngineError");
        assertEquals(error.code, "ECLOSED");
      }
      assertEquals((error.cause as Error).message, makeError().message);
    });

    Deno.test(`${name} rejects ${method}() with the reason of a signal`, async () => {
      using _recorder = recordWarnings();
      const reason = new Error("stopped");
      const signal = AbortSignal.abort(reason);
      const calls: Record<string, () => Promise<unknown>> = {
        append: () => log.append({ data: "a" }, { signal }),
        read: () => log.read("0-0", { signal }),
        rewind: () => log.rewind(1, { signal }),
        follow: () => log.follow(() => {}, { signal }),
      };
      const error = await calls[method]?.().catch((error) => error);
      assert(error === reason);
    });
  }

  Deno.test(`${name} left alone by append() warns and names the log`, async () => {
    using recorder = recordWarnings();
    log.append({ data: "a" });
    for (let i = 0; i < 100 && recorder.codes.length === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assertEquals(recorder.codes, ["TIDINGS_PUBLISH"]);
    assertStringIncludes(recorder.warnings[0]?.message ?? "", called);
  });
}

for (const { name, log, called } of LOGS) {
  Deno.test(`EventChannel on ${name} tells onError once of each publish() that is left alone`, async () => {
    using recorder = recordWarnings();
    const errors: Error[] = [];
    const onError = (error: unknown): void => void errors.push(error as Error);
    await using channel = new EventChannel({ log, onError });
    for (const data of ["a", "b"]) channel.publish({ data });
    for (let i = 0; i < 200 && errors.length < 2; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // What would be told twice comes at once.
    await new Promise((resolve) => setTimeout(resolve, 10));
    assertEquals(errors.length, 2);
    for (const { message } of errors) assertStringIncludes(message, called);
    assertEquals(recorder.codes, []);
  });
}

const MANY = {
  RedisEventLogs: new RedisEventLogs(CLIENT, "runs", OPTIONS),
  DenoKvEventLogs: new DenoKvEventLogs(STORE, ["runs"], OPTIONS),
};

for (const [name, logs] of Object.entries(MANY)) {
  const calls: Record<string, () => Promise<unknown>> = {
    claim: () => logs.claim("answer", { leaseTime: 1000 }),
    inspect: () => logs.inspect("answer"),
    expire: () => logs.expire("answer", 1000),
  };
  for (const [method, call] of Object.entries(calls)) {
    Deno.test(`${name} names the log in the error of ${method}()`, async () => {
      const error = await assertRejects(call, Error);
      assertStringIncludes(
        error.message,
        `Cannot ${method} event log "answer"`,
      );
    });
  }
}

/** What fails at each of the addresses of a server, and what errors say then. */
const ADDRESSES = ["127.0.0.1:5432", "::1:5432"];
for (const [outcome, code] of [["refused", "ECONNREFUSED"], ["lost", ""]]) {
  Deno.test(`PostgresEventLog says what has failed at each address of a server that is ${outcome}`, async () => {
    const causes = ADDRESSES.map((address) => new Error(`connect ${address}`));
    const failure = Object.assign(new AggregateError(causes), { code });
    const client = { query: () => Promise.reject(failure) };
    const log = new PostgresEventLog(client, "news", OPTIONS);
    const error = await assertRejects(() => log.rewind(0), Error);
    assertStringIncludes(
      error.message,
      "connect 127.0.0.1:5432, connect ::1:5432",
    );
    assertEquals(error.name === "TimeoutError", outcome === "lost");
  });
}
