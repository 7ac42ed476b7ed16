// Copyright 2026 the Tidings authors. MIT license.

/** Which errors of the engines are tried again: the lists, and what a real Redis replies. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ErrorKind, orTimedOut, retry } from "../../logs/_engine/retry.ts";
import { classifyError as classifyKvError } from "../../logs/_deno_kv/error_kinds.ts";
import { classifyError as classifyPostgresError } from "../../logs/_postgres/error_kinds.ts";
import { classifyError as classifyRedisError } from "../../logs/_redis/error_kinds.ts";
import {
  type RedisClient,
  RedisEventLogs,
  RedisStreamsEventLog,
} from "../../logs/redis_streams.ts";
import { RedisConnection } from "../support/redis_connection.ts";
import {
  findFreePort,
  hasRedis,
  redisNote,
  RedisServer,
} from "../support/redis_server.ts";
import { within } from "../support/within.ts";

const REDIS_ERRORS: [message: string, kind: ErrorKind][] = [
  ["ERR unknown command 'XADD'", "final"],
  ["ERR max number of clients reached", "transient"],
  ["ERR max number of clients + cluster connections reached", "transient"],
  [
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "final",
  ],
  ["READONLY You can't write against a read only replica.", "transient"],
  ["-READONLY You can't write against a read only replica.", "transient"],
  [
    "READONLY You can't write against a read only replica. script: f00, on @user_script:1.",
    "transient",
  ],
  [
    "ERR Error running script (call to f_f00): @user_script:5: @user_script: 5: -OOM command not allowed when used memory > 'maxmemory'.",
    "transient",
  ],
  [
    "ERR Error running script (call to f_f00): @user_script:5: WRONGTYPE Operation against a key",
    "final",
  ],
  ["NOAUTH Authentication required.", "final"],
  ["NOPERM this user has no permissions to run the 'eval' command", "final"],
  ["MOVED 866 127.0.0.1:7000", "final"],
  ["ASK 866 127.0.0.1:7000", "transient"],
  ["CROSSSLOT Keys in request don't hash to the same slot", "final"],
  ["LOADING Redis is loading the dataset in memory", "transient"],
  ["UNBLOCKED force unblock from blocking operation", "transient"],
  ["IOERR error or timeout writing to target instance", "unknown"],
  ["The connection is lost", "unknown"],
  ["ECONNRESET", "unknown"],
  ["", "unknown"],
];

for (const [message, kind] of REDIS_ERRORS) {
  Deno.test(`an error of Redis is ${kind}: ${message.slice(0, 70)}`, () => {
    assertEquals(classifyRedisError(new Error(message)), kind);
  });
}

const KV_ERRORS: [error: unknown, kind: ErrorKind][] = [
  [new TypeError("database is locked"), "transient"],
  [new Error("database table is locked: kv"), "transient"],
  [new TypeError("database or disk is full"), "transient"],
  [
    new TypeError("The server is temporarially unavailable, try again later."),
    "transient",
  ],
  [new TypeError("Writes are disabled for this database"), "transient"],
  [
    new Error("KV Connect failed to call 'https://kv.test' (status=429): "),
    "transient",
  ],
  [
    new TypeError("KV Connect failed to call 'https://kv.test' (status=401): "),
    "final",
  ],
  [
    new TypeError("KV Connect failed to call 'https://kv.test' (status=500): "),
    "unknown",
  ],
  [new TypeError("An internal server error occurred."), "unknown"],
  [new TypeError("disk I/O error"), "unknown"],
  [new TypeError("Key too large for write (max 2048 bytes)"), "final"],
  [new TypeError("attempt to write a readonly database"), "final"],
  [new Error("Database is closed."), "final"],
  [
    Object.assign(new Error("Bad resource ID"), { name: "BadResource" }),
    "final",
  ],
  [new Error("The answer is lost"), "unknown"],
  ["no error", "unknown"],
];

for (const [error, kind] of KV_ERRORS) {
  Deno.test(`an error of Deno KV is ${kind}: ${error}`, () => {
    assertEquals(classifyKvError(error), kind);
  });
}

/** What servers answer, and what the system and clients fail with, by `code` and message. */
const POSTGRES_ERRORS: [code: unknown, message: string, kind: ErrorKind][] = [
  ["40001", "could not serialize access", "transient"],
  ["40P01", "deadlock detected", "transient"],
  ["53100", "could not extend file: No space left on device", "transient"],
  ["53300", "sorry, too many clients already", "transient"],
  ["55P03", "canceling statement due to lock timeout", "transient"],
  ["57014", "canceling statement due to statement timeout", "transient"],
  ["57P03", "the database system is starting up", "transient"],
  ["57P05", "terminating connection due to idle-session timeout", "transient"],
  ["25P04", "terminating connection due to transaction timeout", "transient"],
  ["25006", "cannot execute INSERT in a read-only transaction", "transient"],
  ["42P01", 'relation "tidings_events" does not exist', "transient"],
  ["42883", "function tidings_append() does not exist", "transient"],
  ["ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:5432", "transient"],
  ["ENOTFOUND", "getaddrinfo ENOTFOUND db", "transient"],
  ["CONNECT_TIMEOUT", "write CONNECT_TIMEOUT db:5432", "transient"],
  ["57P01", "terminating connection due to administrator command", "unknown"],
  ["57P02", "terminating connection because of crash", "unknown"],
  ["08006", "connection failure", "unknown"],
  ["08P01", "query_wait_timeout", "unknown"],
  ["58030", "could not fsync file", "unknown"],
  ["XX000", "internal error", "unknown"],
  ["EPIPE", "write EPIPE", "unknown"],
  ["ECONNRESET", "read ECONNRESET", "unknown"],
  ["ETIMEDOUT", "read ETIMEDOUT", "unknown"],
  ["EHOSTUNREACH", "connect EHOSTUNREACH", "unknown"],
  ["CONNECTION_CLOSED", "write CONNECTION_CLOSED db:5432", "unknown"],
  ["CONNECTION_DESTROYED", "write CONNECTION_DESTROYED db:5432", "unknown"],
  [undefined, "Connection terminated unexpectedly", "unknown"],
  [undefined, "Query read timeout", "unknown"],
  [42501, "a code that is a number", "unknown"],
  ["42501", "permission denied for schema public", "final"],
  ["42703", 'column "xid" does not exist', "final"],
  ["28P01", "password authentication failed", "final"],
  ["3D000", 'database "app" does not exist', "final"],
  ["22021", "invalid byte sequence for encoding", "final"],
  ["P0001", "raised by a trigger", "final"],
  ["CONNECTION_ENDED", "write CONNECTION_ENDED db:5432", "final"],
  [undefined, "Cannot use a pool after calling end on the pool", "final"],
  [undefined, "PGlite is closed", "final"],
  [
    undefined,
    "SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string",
    "final",
  ],
  [undefined, "The server does not support SSL connections", "final"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate", "final"],
  ["CERT_HAS_EXPIRED", "certificate has expired", "final"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "Hostname does not match", "final"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify", "final"],
];

for (const [code, message, kind] of POSTGRES_ERRORS) {
  Deno.test(`an error of PostgreSQL is ${kind}: ${code} ${message}`, () => {
    const error = Object.assign(new Error(message), { code });
    assertEquals(classifyPostgresError(error), kind);
  });
}

/** How clients tell a SQLSTATE that is not in `code`: Bun, and Drizzle. */
const POSTGRES_WRAPPERS: Record<string, (code: string) => unknown> = {
  "in errno": (errno) => ({ code: "ERR_POSTGRES_SERVER_ERROR", errno }),
  "in the code of its cause": (code) =>
    new Error("Failed query", { cause: { code } }),
};
for (const [where, wrap] of Object.entries(POSTGRES_WRAPPERS)) {
  Deno.test(`an error of PostgreSQL is known by a SQLSTATE ${where}`, () => {
    const codes = ["42501", "42P01", "08006", "ECONNREFUSED"];
    assertEquals(codes.map((code) => classifyPostgresError(wrap(code))), [
      "final",
      "transient",
      "unknown",
      "transient",
    ]);
  });
}

for (
  const thrown of [undefined, null, 5, "57014", {}, { code: null }, {
    code: "ERR_POSTGRES_CONNECTION_CLOSED",
    errno: -104,
    cause: null,
  }]
) {
  Deno.test(`what a client of PostgreSQL rejects with is unknown: ${JSON.stringify(thrown)}`, () => {
    assertEquals(classifyPostgresError(thrown), "unknown");
  });
}

/** Attempts that fail one after the other, and what comes of them. */
const SEQUENCES: [verdicts: ErrorKind[], calls: number, error: string][] = [
  [["final"], 1, "final"],
  [["transient", "final"], 2, "final"],
  [["transient", "transient", "final"], 3, "final"],
  // After an attempt that may have been done, a refusal does not tell that it was not.
  [["unknown", "final"], Infinity, "TimeoutError"],
  [["transient", "unknown", "final"], Infinity, "TimeoutError"],
  [["transient"], Infinity, "transient"],
  [["unknown"], Infinity, "TimeoutError"],
];

for (const [verdicts, calls, expected] of SEQUENCES) {
  Deno.test(`retry() ends as ${expected} after ${verdicts.join(", ")}`, async () => {
    let count = 0;
    const persisted = retry(
      () => {
        const kind = verdicts[Math.min(count++, verdicts.length - 1)];
        return Promise.reject(new Error(kind));
      },
      {
        timeout: 400,
        verb: "test",
        classifyError: (error) => (error as Error).message as ErrorKind,
      },
    );
    const error = await assertRejects(() => persisted, Error);
    assertEquals(
      error.name === "TimeoutError" ? error.name : error.message,
      expected,
    );
    if (calls !== Infinity) assertEquals(count, calls);
  });
}

Deno.test("retry() tells in the text of its TimeoutError what failed last", async () => {
  const failure = new TypeError("query is not a function");
  const persisted = retry(
    () => Promise.reject(failure),
    { timeout: 100, verb: "test", classifyError: () => "unknown" },
  );
  const error = await assertRejects(
    () => persisted,
    Error,
    "Cannot test: expected an answer, got none for 100 ms; the last error: query is not a function",
  );
  assertEquals([error.name, error.cause], ["TimeoutError", failure]);
});

/** Calls that wait for an answer, no longer than a time. */
const WAITS: Record<string, (answer: Promise<string>) => Promise<string>> = {
  "retry()": (answer) =>
    retry(() => answer, {
      timeout: 100,
      verb: "test",
      classifyError: () => "unknown",
    }),
  "orTimedOut()": (answer) => orTimedOut(answer, 100, "test"),
};

for (const [name, wait] of Object.entries(WAITS)) {
  Deno.test(`${name} takes an answer that came while the process stood still`, async () => {
    // Its timer is behind that of the wait, as what is read from a socket is.
    const answer = new Promise<string>((resolve) =>
      setTimeout(() => resolve("done"), 150)
    );
    const result = wait(answer);
    const end = Date.now() + 400;
    while (Date.now() < end);
    assertEquals(await result, "done");
  });
}

/** How a Redis is brought to refuse, and how that passes. */
const CONDITIONS: {
  prefix: string;
  begin: [string, ...string[]][];
  end: [string, ...string[]][];
}[] = [
  {
    prefix: "OOM",
    begin: [["CONFIG", "SET", "maxmemory", "1"]],
    end: [["CONFIG", "SET", "maxmemory", "0"]],
  },
  {
    prefix: "NOREPLICAS",
    begin: [["CONFIG", "SET", "min-replicas-to-write", "1"]],
    end: [["CONFIG", "SET", "min-replicas-to-write", "0"]],
  },
  {
    prefix: "READONLY",
    begin: [["REPLICAOF", "127.0.0.1", String(findFreePort())]],
    end: [["REPLICAOF", "NO", "ONE"]],
  },
  {
    prefix: "MASTERDOWN",
    begin: [
      ["CONFIG", "SET", "replica-serve-stale-data", "no"],
      ["REPLICAOF", "127.0.0.1", String(findFreePort())],
    ],
    end: [["REPLICAOF", "NO", "ONE"]],
  },
  {
    prefix: "BUSY",
    begin: [
      ["CONFIG", "SET", "lua-time-limit", "1"],
      ["EVAL", "while true do end", "0"],
    ],
    end: [["SCRIPT", "KILL"]],
  },
];

for (const { prefix, begin, end } of CONDITIONS) {
  Deno.test(`Redis${redisNote} is asked again while it replies ${prefix}`, {
    ignore: !hasRedis,
  }, async () => {
    await using server = await RedisServer.start();
    await using connection = await RedisConnection.open(server.port);
    await using admin = await RedisConnection.open(server.port);
    await using other = await RedisConnection.open(server.port);
    const seen: string[] = [];
    const client = watching(connection, seen);
    const log = new RedisStreamsEventLog(client, "log");
    const logs = new RedisEventLogs(client, "logs:");
    const before = await log.append({ data: "before" });
    const claim = await logs.claim("a", { leaseTime: 60_000 });
    for (const command of begin.slice(0, -1)) await admin.send(command);
    const last = admin.send(begin.at(-1)!).catch(() => {});
    if (prefix !== "BUSY") await last;
    else await new Promise((resolve) => setTimeout(resolve, 50));
    const calls = Promise.all([
      log.append({ data: "after" }),
      log.read(before),
      logs.claim("b", { leaseTime: 60_000 }),
      claim!.append({ data: "of the claim" }),
      claim!.renew(),
      logs.expire("a", 60_000),
      logs.inspect("a"),
    ]);
    await within(
      `Redis replies ${prefix}`,
      new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          if (seen.filter((text) => text.startsWith(prefix)).length < 3) return;
          clearInterval(timer);
          resolve();
        }, 5);
      }),
    );
    for (const command of end) await other.send(command);
    await last;
    const [id, , other1, , isHeld] = await within("all are done", calls);
    assert(other1 !== undefined && isHeld);
    const { events } = await log.read(before);
    assertEquals(events.map(({ data, id }) => [data, id]), [["after", id]]);
    const { last: state } = await logs.inspect("a");
    assertEquals(state?.data, "of the claim");
  });
}

Deno.test(
  `Redis${redisNote} that refuses for the whole timeout has done nothing, and says why`,
  {
    ignore: !hasRedis,
  },
  async () => {
    await using server = await RedisServer.start();
    await using client = await RedisConnection.open(server.port);
    await client.send(["CONFIG", "SET", "maxmemory", "1"]);
    const log = new RedisStreamsEventLog(client, "log", { timeout: 500 });
    await assertRejects(() => log.append({ data: "a" }), Error, "OOM ");
  },
);

Deno.test(
  `Redis${redisNote} that refuses a claim for the whole timeout leaves no gap in its log`,
  { ignore: !hasRedis },
  async () => {
    await using server = await RedisServer.start();
    await using client = await RedisConnection.open(server.port);
    const logs = new RedisEventLogs(client, "logs:", { timeout: 500 });
    const claim = await logs.claim("a", { leaseTime: 60_000 });
    assert(claim !== undefined);
    await claim.append({ data: "before" });
    await client.send(["CONFIG", "SET", "maxmemory", "1"]);
    await assertRejects(() => claim.append({ data: "lost" }), Error, "OOM ");
    await client.send(["CONFIG", "SET", "maxmemory", "0"]);
    await claim.append({ data: "after" });
    const { events, gap } = await logs.open("a").read(claim.cursor);
    assertEquals(events.map(({ data }) => data), ["before", "after"]);
    assertEquals(gap, false);
  },
);

/** A client that notes the errors with which Redis replies. */
function watching(client: RedisClient, seen: string[]): RedisClient {
  return {
    send: async (command) => {
      try {
        return await client.send(command);
      } catch (error) {
        seen.push((error as Error).message);
        throw error;
      }
    },
    duplicate: () => client.duplicate(),
    close: () => client.close(),
  };
}
