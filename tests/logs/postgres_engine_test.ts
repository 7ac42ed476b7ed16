// Copyright 2026 the Tidings authors. MIT license.

/** The logs in PostgreSQL on its bad days: answers that are lost, late or wrong, and a restore. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { EventLogClaimError } from "../../log.ts";
import {
  POSTGRES_SCHEMA,
  type PostgresClient,
  PostgresEventLog,
  PostgresEventLogs,
} from "../../logs/postgres.ts";
import { BodyClient, makeRequest } from "../channel/_clients.ts";
import {
  appendAll,
  Following,
  numbers,
  readAll,
} from "../conformance/event_log_readers.ts";
import {
  openPostgres,
  type PgConnection,
  type TestPostgres,
} from "../support/postgres_client.ts";
import {
  hasPostgres,
  postgresNote,
  PostgresServer,
} from "../support/postgres_server.ts";
import { within } from "../support/within.ts";
import { sharedPostgres } from "../support/shared_postgres.ts";

interface Fixture {
  client: TestPostgres;
  name: string;
}

function test(behaviour: string, fn: (fixture: Fixture) => Promise<void>) {
  Deno.test(`PostgreSQL${postgresNote}: ${behaviour}`, {
    ignore: !hasPostgres,
  }, async () => {
    const { url } = await sharedPostgres();
    await using client = openPostgres(url);
    await fn({ client, name: crypto.randomUUID() });
  });
}

/** A client whose calls may fail, before or after they were done. */
function failing(
  client: PostgresClient,
  fateOf: (sql: string) => "lost" | "refused" | undefined,
  code?: string,
): PostgresClient {
  const fail = (): never => {
    throw Object.assign(new Error("The connection is lost"), { code });
  };
  return {
    query: async (sql, values, transaction) => {
      const fate = fateOf(sql);
      if (fate === "refused") fail();
      const rows = await client.query(sql, values, transaction);
      return fate === "lost" ? fail() : rows;
    },
  };
}

test("an append whose answer is lost is done once", async ({ client, name }) => {
  for (const fate of ["lost", "refused"] as const) {
    let failures = 0;
    const log = new PostgresEventLog(
      failing(client, (sql) => {
        if (!sql.includes("tidings_append") || failures === 3) {
          return undefined;
        }
        failures++;
        return fate;
      }),
      `${name} ${fate}`,
    );
    const ids = await appendAll(log, numbers(5));
    assert(failures >= 2);
    const { events } = await readAll(log, await log.rewind(Infinity));
    assertEquals(events.map(({ data }) => data), numbers(5));
    assertEquals(events.map(({ id }) => id), ids);
  }
});

test("an append under a claim whose answer is lost is done once", async ({ client, name }) => {
  for (const fate of ["lost", "refused"] as const) {
    let left = 0;
    const logs = new PostgresEventLogs(
      failing(
        client,
        (sql) =>
          sql.includes("INSERT INTO tidings_log_events") && left-- > 0
            ? fate
            : undefined,
      ),
      `${name} ${fate}`,
    );
    const other = new PostgresEventLogs(client, `${name} ${fate}`);
    left = 2;
    const claim = await logs.claim("a", { leaseTime: 60_000 });
    assert(claim !== undefined);
    left = 2;
    await Promise.all(numbers(3).map((data) => claim.append({ data })));
    left = 1;
    const late = claim.append({ data: "3" });
    await other.open("a").append({ data: "foreign" });
    await late;
    left = 2;
    assertEquals(await claim.renew(), true);
    const { events, gap } = await readAll(logs.open("a"), claim.cursor);
    const data = events.map(({ data }) => data);
    assertEquals(gap, false);
    assertEquals(data.filter((data) => data !== "foreign"), numbers(4));
    assertEquals(data.length, 5);
    const last = { takeOver: claim.id, leaseTime: 60_000 };
    assert(await other.claim("a", last) !== undefined);
    await assertRejects(
      () => claim.append({ data: "too late" }),
      EventLogClaimError,
    );
  }
});

test("a call that is refused for the whole timeout rejects with the error, and one without an answer with a TimeoutError", async ({ client, name }) => {
  const timeout = 300;
  const kinds = [["53300", "Error"], ["25006", "Error"], [
    "08006",
    "TimeoutError",
  ]];
  for (const [code, expected] of kinds) {
    const over = failing(client, () => "refused", code);
    const log = new PostgresEventLog(over, name, { timeout });
    for (const call of [() => log.append({}), () => log.rewind(0)]) {
      const error = await assertRejects(call, Error, `event log "${name}"`);
      assertEquals(error.name, expected);
    }
  }
  const silent: PostgresClient = { query: () => new Promise(() => {}) };
  const log = new PostgresEventLog(silent, name, { timeout });
  const logs = new PostgresEventLogs(silent, name, { timeout });
  const { signal } = new AbortController();
  for (
    const call of [
      () => log.append({}),
      () => log.append({}, { transaction: 1 }),
      () => log.read("0-0"),
      () => log.follow(() => {}, { signal }),
      () => logs.claim("a", { leaseTime: 1 }),
      () => logs.inspect("a"),
      () => logs.expire("a", 1),
    ]
  ) {
    const error = await assertRejects(call, Error, "expected an answer");
    assertEquals(error.name, "TimeoutError");
  }
});

test("an error that is final rejects at once", async ({ client, name }) => {
  let calls = 0;
  for (const code of ["42501", "28P01", "3D000", "22021"]) {
    const over = failing(client, () => (calls++, "refused"), code);
    const log = new PostgresEventLog(over, name);
    calls = 0;
    const error = await assertRejects(() => log.rewind(0), Error, "lost");
    assertEquals((error as { code?: string }).code, code);
    assertEquals(calls, 1);
  }
});

test("answers that are none are told", async ({ name }) => {
  const answers: unknown[] = [
    undefined,
    null,
    5,
    "rows",
    { rows: [] },
    [5],
    [[]],
    [{}],
    [{ cursor: 5 }],
  ];
  for (const answer of answers) {
    const client = {
      query: (sql: string) =>
        Promise.resolve(sql.includes("version") ? [{ version: "1" }] : answer),
    } as unknown as PostgresClient;
    const log = new PostgresEventLog(client, name, { timeout: 50 });
    for (
      const call of [
        () => log.rewind(0),
        () => log.read("0-0"),
        () => log.append({ data: "a" }),
      ]
    ) {
      const error = await assertRejects(call, Error, "Cannot ");
      assertEquals(error.name, "TimeoutError");
      assert(
        /expected/.test(String((error.cause as Error)?.message)),
        `${answer}`,
      );
    }
  }
});

test("an adapter that gives no rows is told at once, before anything is written", async ({ name }) => {
  const answers: [answer: unknown, got: string][] = [
    [undefined, "undefined"],
    [null, "null"],
    ["rows", '"rows"'],
    [{ rows: [{ version: "1" }] }, "an object"],
    [{ version: "1" }, "an object"],
    [[], "an array"],
    [["1"], '"1"'],
    [[["1"]], "an array"],
    [[{ VERSION: "1" }], "an object"],
  ];
  for (const [answer, got] of answers) {
    let calls = 0;
    const adapter = {
      query: () => Promise.resolve(calls++ === 0 ? answer : []),
    } as unknown as PostgresClient;
    const log = new PostgresEventLog(adapter, name);
    const expected =
      `event log "${name}": expected query() to give rows by the names of their columns, got ${got}`;
    await assertRejects(() => log.rewind(0), Error, expected);
    assertEquals(calls, 1);
  }
});

test("a client whose errors wrap those of another makes the tables, and writes an event once", async () => {
  await using server = await PostgresServer.start();
  await using client = openPostgres(server.url);
  const wrappers: ((error: object) => unknown)[] = [
    (cause) => new Error("Failed query", { cause }),
    (error) =>
      Object.assign(new Error((error as Error).message), {
        code: "ERR_POSTGRES_SERVER_ERROR",
        errno: (error as { code?: string }).code,
      }),
  ];
  for (const wrap of wrappers) {
    let isLost = true;
    const log = new PostgresEventLog({
      query: async (sql, values) => {
        const rows = await client.query(sql, values).catch((error) => {
          throw wrap(error);
        });
        // Of all statements, an append alone has four values.
        if (!isLost || values.length !== 4) return rows;
        isLost = false;
        throw new Error("The answer is lost");
      },
    }, crypto.randomUUID());
    const id = await log.append({ data: "a" });
    const { events } = await log.read(await log.rewind(Infinity));
    assertEquals(events.map((event) => event.id), [id]);
    await client.pool.query(
      "DROP TABLE tidings_events, tidings_dropped, tidings_logs, tidings_log_events, tidings_schema",
    );
  }
});

test("a client that reads the version of the tables as a number is taken", async ({ client, name }) => {
  for (const toNumber of [Number, BigInt]) {
    const log = new PostgresEventLog({
      query: async (sql, values) => {
        const rows = await client.query(sql, values);
        return /max\(version\)/.test(sql)
          ? rows.map((row) => ({
            version: toNumber((row as { version: string }).version),
          }))
          : rows;
      },
    }, name);
    const id = await log.append({ data: "a" });
    assertEquals(await log.rewind(0), id);
  }
});

test("old events leave by their count, their bytes and their age, also where all appends are in transactions", async ({ client, name }) => {
  const line = JSON.stringify({ data: "x".repeat(100) }).length;
  const bounds = {
    maxEvents: 200,
    maxBytes: 200 * line,
    maxAge: 1,
  };
  for (const [option, value] of Object.entries(bounds)) {
    const log = new PostgresEventLog(client, `${name} ${option}`, {
      [option]: value,
    });
    const start = await log.rewind(0);
    await using following = new Following(log, start);
    await following.until((batches) => batches.length > 0);
    let count = 0;
    for (let left = 4; left > 0; left--) {
      const { options, commit } = await client.begin();
      for (let i = 0; i < 200; i++, count++) {
        await log.append({ data: "x".repeat(100) }, options);
      }
      await commit();
      await following.untilEvents(count);
    }
    for (let tries = 500;; tries--) {
      const { events, gap } = await readAll(log, start);
      if (gap && events.length < 500) break;
      assert(tries > 0, `${events.length} events are left by ${option}`);
      await log.append({ data: "one more" });
      await new Promise((go) => setTimeout(go, 20));
    }
    // More may be dropped between the two calls, but not for ever.
    for (let tries = 500;; tries--) {
      const { gap } = await log.read(await log.rewind(Infinity));
      if (!gap) break;
      assert(tries > 0, "The oldest event is never there");
      await new Promise((go) => setTimeout(go, 20));
    }
  }
});

test("an event of a clock that was ahead, or behind, does not keep those that come later", async ({ client, name }) => {
  await new PostgresEventLog(client, name).rewind(0);
  for (const time of ["infinity", "2500-01-01", "-infinity", "1900-01-01"]) {
    const key = `${name} ${time}`;
    await client.pool.query(
      `INSERT INTO tidings_events (log, event, time) VALUES ($1, '{}', $2)`,
      [key, time],
    );
    const log = new PostgresEventLog(client, key, { maxAge: 50 });
    const first = await log.append({ data: "first" });
    for (let tries = 500;; tries--) {
      const { events } = await log.read("0-0", { limit: 1 });
      const [oldest] = events;
      if (oldest && log.compare(oldest.id, first)! > 0) break;
      assert(tries > 0, time);
      await log.append({ data: "later" });
      await new Promise((go) => setTimeout(go, 20));
    }
  }
});

test("the longest age keeps nothing that other bounds drop", async ({ client, name }) => {
  for (const maxAge of [86_400_000, 1e14, 1e15, Number.MAX_SAFE_INTEGER]) {
    const log = new PostgresEventLog(client, `${name} ${maxAge}`, {
      maxEvents: 1,
      maxAge,
    });
    const [first] = await appendAll(log, numbers(250));
    for (let tries = 500; !(await log.read(first!)).gap; tries--) {
      assert(tries > 0, `${maxAge}`);
      await log.append({ data: "later" });
    }
    const { events } = await readAll(log, await log.rewind(Infinity));
    assert(events.length > 0);
  }
});

test("a transaction that writes in another database of the server holds events back, one that reads does not", async ({ client, name }) => {
  const { url } = await sharedPostgres();
  const database = `other_${name.replaceAll("-", "")}`;
  await client.pool.query(`CREATE DATABASE ${database}`);
  await using elsewhere = openPostgres(url.replace(/postgres$/, database));
  await elsewhere.pool.query("CREATE TABLE notes (text text)");
  const log = new PostgresEventLog(client, name);
  await using following = new Following(log);
  await following.until((batches) => batches.length > 0);
  const start = following.batches.at(-1)!.cursor;
  const reading = await elsewhere.begin();
  await reading.transaction.query("SELECT * FROM notes");
  const first = await log.append({ data: "beside a reader" });
  await following.until(() => following.ids.at(-1) === first);
  const writing = await elsewhere.begin();
  await writing.transaction.query("INSERT INTO notes VALUES ('')");
  const second = await log.append({ data: "behind a writer" });
  assertEquals((await log.read(first)).events, []);
  await reading.rollback();
  await writing.rollback();
  await following.until(() => following.ids.at(-1) === second);
  const { events } = await readAll(log, start);
  assertEquals(events.map(({ id }) => id), [first, second]);
});

test("a transaction that is prepared holds events back until it is committed, whatever its connection does", async () => {
  const settings = { max_prepared_transactions: "2" };
  await using server = await PostgresServer.start({ settings });
  await using client = openPostgres(server.url);
  const loud = new PostgresEventLog(client, "loud");
  const quiet = new PostgresEventLog(client, "quiet", {
    notify: false,
    pollInterval: 5,
  });
  await loud.rewind(0);
  await using following = new Following(loud);
  await using other = new Following(quiet);
  for (const each of [following, other]) {
    await each.until((batches) => batches.length > 0);
  }
  const refused = await client.begin();
  await loud.append({ data: "told" }, refused.options);
  const error = await assertRejects(() =>
    refused.transaction.query("PREPARE TRANSACTION 'refused'")
  );
  assertEquals((error as { code?: string }).code, "0A000");
  await refused.rollback();
  for (const [n, end] of ["COMMIT", "ROLLBACK"].entries()) {
    const { transaction, rollback, options } = await client.begin();
    await quiet.append({ data: end }, options);
    await transaction.query("PREPARE TRANSACTION 'a'");
    // The connection has no transaction any more.
    await rollback();
    const id = await loud.append({ data: `behind ${end}` });
    assertEquals((await loud.read(await loud.rewind(0))).events, []);
    assert(!following.ids.includes(id));
    await client.pool.query(`${end} PREPARED 'a'`);
    await following.untilEvents(n + 1);
    assertEquals(following.ids.at(-1), id);
  }
  await other.untilEvents(1);
  assertEquals(other.data, ["COMMIT"]);
});

test("clients of a channel that bring IDs of events that are held back get what comes after them", async ({ client, name }) => {
  const log = new PostgresEventLog(client, name);
  await using channel = new EventChannel({ log });
  const start = await channel.publish({ data: "start" });
  const open = (id: string) =>
    new BodyClient(channel.serve(makeRequest(id)), id).run();
  await using live = open(start);
  await live.inbox.until(() => channel.size === 1);
  const older = await client.begin();
  const uncommitted = await channel.publish({ data: "older" }, older.options);
  const alone = await channel.publish({ data: "alone" });
  const younger = await client.begin();
  const last = await channel.publish({ data: "younger" }, younger.options);
  await younger.commit();
  // None of them was given to a reader, so none is what a snapshot goes with.
  assertEquals(await channel.cursor(), start);
  await using before = open(uncommitted);
  await using between = open(alone);
  await using after = open(last);
  await before.inbox.untilEvents(1);
  assertEquals(live.inbox.data, []);
  await older.commit();
  const end = await channel.publish({ data: "end" });
  for (const { inbox } of [live, before, between, after]) {
    await inbox.until(() => inbox.lastEventId === end);
  }
  const all = ["older", "alone", "younger", "end"];
  assertEquals(live.inbox.data, all);
  assertEquals(between.inbox.data, all.slice(2));
  assertEquals(after.inbox.data, all.slice(3));
  // It was after the end when its client came.
  assertEquals(before.inbox.events[0]?.event, "gap");
  assertEquals(before.inbox.data.slice(1), all);
});

test("a follower reads once for an event", async ({ client, name }) => {
  let reads = 0;
  const counted: PostgresClient = {
    ...client,
    query: (sql, ...rest) => {
      if (sql.startsWith("WITH")) reads++;
      return client.query(sql, ...rest);
    },
  };
  const logs = new PostgresEventLogs(counted, name);
  for (const log of [new PostgresEventLog(counted, name), logs.open("a")]) {
    await using following = new Following(log);
    await following.until((batches) => batches.length > 0);
    await log.append({ data: "first" });
    await following.untilEvents(1);
    reads = 0;
    for (let count = 2; count <= 31; count++) {
      await log.append({ data: `${count}` });
      await following.untilEvents(count);
      // As long as another read takes.
      for (let i = 0; i < 2; i++) await client.query("SELECT 1", []);
    }
    // A change of a log by name is a statement with WITH, too.
    const changes = log instanceof PostgresEventLog ? 0 : 30;
    // The time may have come to look, or to drop what is old.
    assert(reads - changes <= 40, `${reads}`);
  }
});

test("an append sends a NOTIFY, unless that is left out", async ({ client, name }) => {
  const [quiet, loud] = [`${name} quiet`, `${name} loud`];
  const heard = await hearWhile(client, loud, async () => {
    const over = { notify: false };
    await appendAll(new PostgresEventLog(client, quiet, over), numbers(3));
    const { options, commit } = await client.begin();
    await new PostgresEventLog(client, quiet, over).append({}, options);
    await commit();
    const logs = new PostgresEventLogs(client, quiet, over);
    await logs.open("a").append({});
    // Notifications come in the order of the commits.
    const log = new PostgresEventLog(client, loud);
    await Promise.all(numbers(3).map((data) => log.append({ data })));
  });
  // One for all rows of a statement.
  const ours = heard.filter((payload) => payload.startsWith(name));
  assertEquals(ours, [loud]);
});

test("a change of a claim sends no NOTIFY, as it gives readers nothing", async ({ client, name }) => {
  const heard = await hearWhile(client, `${name}/b`, async () => {
    const logs = new PostgresEventLogs(client, name);
    const options = { leaseTime: 60_000 };
    const claim = await logs.claim("a", { ...options, event: {} });
    await claim?.renew();
    await logs.expire("a", 60_000);
    await claim?.release();
    // It starts the log over, which readers are told of.
    await logs.claim("a", { ...options, replace: true, takeOver: claim?.id });
    await logs.open("b").append({});
  });
  const ours = heard.filter((payload) => payload.startsWith(name));
  assertEquals(ours, [`${name}/a`, `${name}/a`, `${name}/b`]);
});

test("a read keeps to its bounds, whether its cursor has a row or not", async ({ client, name }) => {
  const log = new PostgresEventLog(client, name);
  const [first, ...ids] = await appendAll(log, numbers(5));
  const size = JSON.stringify({ data: "0" }).length;
  // The beginning has no row, and the first event has one.
  for (
    const [after, all] of [["0-0", [first, ...ids]], [first!, ids]] as const
  ) {
    for (
      const [options, count] of [
        [{ limit: 1 }, 1],
        [{ limit: 3 }, 3],
        [{ limit: Infinity }, all.length],
        [{ maxBytes: 0 }, 1],
        [{ maxBytes: size }, 1],
        [{ maxBytes: size + 1 }, 2],
        [{ maxBytes: Infinity }, all.length],
      ] as const
    ) {
      const { events, cursor, gap } = await log.read(after, options);
      const found = events.map(({ id }) => id);
      assertEquals(found, all.slice(0, count), JSON.stringify(options));
      assertEquals([cursor, gap], [found.at(-1), false]);
    }
  }
});

test("a follower asks for the state of the log only where its cursor has no row", async ({ client, name }) => {
  const statements: string[] = [];
  const log = new PostgresEventLog(
    {
      query: (sql, values) => {
        statements.push(sql);
        return client.query(sql, values);
      },
    },
    name,
    { pollInterval: 5 },
  );
  const other = new PostgresEventLog(client, name);
  await using following = new Following(log, await other.append({ data: "a" }));
  await following.until((batches) => batches.length > 0);
  statements.length = 0;
  for (let count = 1; count <= 10; count++) {
    await other.append({ data: "b" });
    await following.untilEvents(count);
  }
  assert(statements.some((sql) => sql.includes("FROM tidings_read")));
  const asking = () => statements.filter((sql) => /tidings_dropped/.test(sql));
  assertEquals(asking(), []);
  await client.pool.query("DELETE FROM tidings_events WHERE log = $1", [name]);
  await other.append({ data: "c" });
  await following.untilEvents(11);
  // It may have looked before there was the event.
  assert(following.batches.slice(-2).some(({ gap }) => gap));
  assert(asking().length > 0);
});

test("a read of the end reads a row or two, also on a connection that has read the log while it was small", async ({ client, name }) => {
  const log = new PostgresEventLog(client, name);
  let last = await log.append({ data: "a" });
  const connection = await client.pool.connect();
  const count = (): Promise<number> =>
    countReadRows(connection, "tidings_events");
  const readEnd = async (): Promise<void> => {
    const read = "SELECT * FROM tidings_read($1, $2, $3, '1000', '1000000')";
    const { rows } = await connection.query(read, [name, ...last.split("-")]);
    assertEquals(rows.length, 1);
  };
  try {
    await connection.query("ANALYZE tidings_events");
    for (let reads = 0; reads < 10; reads++) await readEnd();
    last = (await appendAll(log, numbers(2000))).at(-1)!;
    await connection.query("BEGIN");
    const before = await count();
    await readEnd();
    const rows = await count() - before;
    assert(rows <= 2, `read ${rows} rows`);
    await connection.query("COMMIT");
  } finally {
    connection.release(true);
  }
});

test("a read of a log by name reads no more rows than it gives, and one", async ({ client, name }) => {
  const connection = await client.pool.connect();
  /** The rows of the tables that a read of a page costs. */
  let cost = 0;
  const log = new PostgresEventLogs({
    query: async (sql, values) => {
      if (!sql.includes("page AS")) return await client.query(sql, values);
      await connection.query("BEGIN");
      const before = await count();
      const { rows } = await connection.query(sql, values);
      cost = await count() - before;
      await connection.query("COMMIT");
      return rows;
    },
  }, name).open("a");
  const count = (): Promise<number> =>
    countReadRows(connection, "tidings_log_events");
  try {
    await log.append({});
    await client.query(
      `INSERT INTO tidings_log_events
      SELECT l.epoch, n, json_build_object('data', n::text)
      FROM tidings_logs AS l, generate_series(2, 20000) AS n
      WHERE l.collection = $1`,
      [name],
    );
    await client.query(
      "UPDATE tidings_logs SET last = 20000, version = gen_random_uuid() WHERE collection = $1",
      [name],
    );
    const start = await log.rewind(Infinity);
    assert(cost <= 2, `read ${cost} rows to find the beginning`);
    const { events, cursor } = await log.read(start, { limit: 10 });
    assertEquals(events.length, 10);
    assert(cost <= 11, `read ${cost} rows for 10`);
    // Also behind a hole that is longer than a page.
    await client.query(
      `DELETE FROM tidings_log_events AS e USING tidings_logs AS l
      WHERE l.epoch = e.epoch AND sequence BETWEEN 11 AND 15000 AND collection = $1`,
      [name],
    );
    const after = await log.read(cursor, { limit: 2 });
    assertEquals(after.gap, true);
    assertEquals(after.events.map(({ data }) => data), ["15001", "15002"]);
  } finally {
    connection.release(true);
  }
});

test("what another program writes that is no event is taken neither for a row that is held back nor for one of another cluster", async ({ client, name }) => {
  const log = new PostgresEventLog(client, name, { pollInterval: 5 });
  const start = await log.append({ data: "a" });
  await using following = new Following(log, start);
  await following.until((batches) => batches.length > 0);
  const insert = "INSERT INTO tidings_events (log, event) VALUES ($1, $2)";
  for (const [n, text] of ["", "-", "", "-"].entries()) {
    await client.pool.query(insert, [name, text]);
    await following.untilEvents(n + 1);
  }
  const last = await log.append({ data: "b" });
  await following.until(() => following.ids.at(-1) === last);
  const { events, gap } = await log.read(start);
  assertEquals(gap, false);
  assertEquals(events.map(({ fault }) => fault !== undefined), [
    true,
    true,
    true,
    true,
    false,
  ]);
  assertEquals(following.ids, events.map(({ id }) => id));
});

test("rows of another cluster behind its cursor are noticed by a follower", async ({ client, name }) => {
  const log = new PostgresEventLog(client, name);
  const start = await log.append({ data: "a" });
  await using following = new Following(log, start);
  await following.until((batches) => batches.length > 0);
  await client.pool.query(
    `INSERT INTO tidings_events (log, xid, id, event)
    VALUES ($1, '9000000000000', 1, '{"data":"restored"}')`,
    [name],
  );
  // Nothing tells of the row yet.
  await client.pool.query("SELECT pg_notify('tidings', $1)", [name]);
  await following.until((batches) => batches.some(({ gap }) => gap));
  await log.append({ data: "b" });
  await following.untilEvents(1);
  const { events } = await readAll(log, await log.rewind(Infinity));
  assertEquals(events.map(({ data }) => data), ["restored", "a", "b"]);
});

/** What of another cluster a log has in the tables, where transactions have larger numbers. */
const RESTORED: [name: string, rows: number, isDropped: boolean][] = [
  ["events", 2, false],
  ["events, and others were dropped", 2, true],
  ["no events any more", 0, true],
];
for (const [what, rows, isDropped] of RESTORED) {
  for (const isLate of [false, true]) {
    const when = isLate ? ", noticed after the first append" : "";
    test(`what was restored is never waited for: ${what}${when}`, async ({ client, name }) => {
      // Makes the tables.
      await new PostgresEventLog(client, `${name} other`).rewind(0);
      const log = new PostgresEventLog(client, name);
      const far = "9000000000000";
      if (isDropped) {
        await client.pool.query(
          "INSERT INTO tidings_dropped VALUES ($1, $2, 7)",
          [
            name,
            far,
          ],
        );
      }
      for (const data of numbers(rows)) {
        await client.pool.query(
          "INSERT INTO tidings_events (log, xid, event) VALUES ($1, $2, $3)",
          [name, far, JSON.stringify({ data })],
        );
      }
      const first = isLate ? [await log.append({ data: "first" })] : [];
      await using following = new Following(log);
      await following.until((batches) => batches.length > 0);
      const ids = await appendAll(log, ["a", "b"]);
      await following.untilEvents(2);
      assertEquals(following.ids, ids);
      assert(following.batches.every(({ gap }) => !gap));
      const { events } = await readAll(log, await log.rewind(Infinity));
      const data = [...numbers(rows), ...first.map(() => "first"), "a", "b"];
      assertEquals(events.map(({ data }) => data), data);
      // From before all, with a gap after which nothing is missing.
      const batch = await log.read("0-0");
      assertEquals([batch.events, batch.gap], [events, isDropped]);
      if (isDropped) {
        const again = await log.read(batch.gapCursor!);
        assertEquals([again.events, again.gap], [events, false]);
      }
      // One that comes from the other cluster.
      const foreign = await log.read(`${far}-7`);
      assertEquals([foreign.events, foreign.gap], [[], true]);
      assertEquals(foreign.cursor, ids[1]);
    });
  }
}

test("logs whose names and events hold anything are kept apart, and their events as they are", async ({ client, name }) => {
  const names = [
    "'; DROP TABLE tidings_events; --",
    '"',
    "$1",
    "\\0",
    "\0",
    "日本 🎈",
  ];
  const events = [
    { data: "\0 \u2028 日本 🎈 ' \" \\ $1", event: "'; --" },
    { data: JSON.stringify({ big: "é".repeat(500_000) }) },
    { data: "1\r\n2", comment: "why\n?", retry: 5 },
    { data: "" },
  ];
  const topics = ["'", '"', "\0", "\ud800", "日本"];
  for (const each of [...names, ...names]) {
    const log = new PostgresEventLog(client, `${name} ${each}`);
    await using following = new Following(log);
    await following.until((batches) => batches.length > 0);
    const start = following.batches[0]!.cursor;
    for (const event of events) await log.append(event, { topics });
    const { options, commit } = await client.begin();
    for (const event of events) await log.append(event, options);
    await commit();
    await following.untilEvents(2 * events.length);
    const { events: read } = await readAll(log, start);
    assertEquals(following.batches.flatMap(({ events }) => events), read);
    assertEquals(
      read.map(({ data, topics }) => [data, topics]),
      [topics, undefined].flatMap((topics) =>
        events.map(({ data }) => [data, topics])
      ),
    );
    assertEquals(read[0]?.event, events[0]?.event);
  }
});

test("logs by name are kept apart, wherever the name of all of them ends and theirs begins", async ({ client, name }) => {
  const pairs: [collection: string, name: string][] = [
    ["a", "b/c"],
    ["a/b", "c"],
    ["a", "\0b"],
    ["a\0", "b"],
    ["a", "\\0b"],
    ["a\\0", "b"],
    ["a\\", "0b"],
    ["a\\\\0", "b"],
    ["a\\\0", "b"],
    ["a", "b"],
    ["A", "b"],
    ["a ", "b"],
    ["\u00e9", "b"],
    ["e\u0301", "b"],
  ];
  const open = ([collection, each]: typeof pairs[number]) =>
    new PostgresEventLogs(client, `${name}${collection}`).open(each);
  for (const pair of pairs) {
    await open(pair).append({ data: JSON.stringify(pair) });
  }
  // A log of the name of all of them is none of them.
  const channel = new PostgresEventLog(client, `${name}a`);
  await channel.append({ data: "of a channel" });
  for (const pair of pairs) {
    const { events } = await readAll(open(pair), "0-0");
    assertEquals(events.map(({ data }) => data), [JSON.stringify(pair)]);
  }
  const { events } = await readAll(channel, "0-0");
  assertEquals(events.map(({ data }) => data), ["of a channel"]);
});

test("a removal of expired logs reads no others, and takes some at a time", async ({ client, name }) => {
  let removal = "";
  const logs = new PostgresEventLogs({
    query: (sql, values) => {
      if (sql.includes("SKIP LOCKED")) removal = sql;
      return client.query(sql, values);
    },
  }, name);
  await logs.expire("nothing", 1);
  const connection = await client.pool.connect();
  const insert = (prefix: string, count: number, expiry: number) =>
    connection.query(
      `INSERT INTO tidings_logs SELECT $1, $2 || n, gen_random_uuid(), $2 || n, 9000,
      NULL, NULL, $4 FROM generate_series(1, $3::int) AS n`,
      [name, prefix, count, expiry],
    );
  const countRead = (): Promise<number> =>
    countReadRows(connection, "tidings_logs");
  const countExpired = async (): Promise<number> => {
    const { rows } = await connection.query(
      "SELECT FROM tidings_logs WHERE collection = $1 AND expires_at = 1",
      [name],
    );
    return rows.length;
  };
  try {
    // Those of other tests, which have expired meanwhile, are gone then.
    await connection.query(removal);
    await connection.query("BEGIN");
    await insert(`${name} live `, 10_000, Number.MAX_SAFE_INTEGER);
    const before = await countRead();
    await connection.query(removal);
    const rows = await countRead() - before;
    assert(rows < 100, `read ${rows} rows`);
    await insert(`${name} expired `, 5, 1);
    for (const left of [2, 0]) {
      await connection.query(removal);
      assertEquals(await countExpired(), left);
    }
  } finally {
    connection.release(true);
  }
});

test("an append does not wait for long until old events are dropped", async ({ client, name }) => {
  const log = new PostgresEventLog(client, name, { maxEvents: 1 });
  await Promise.all(numbers(50).map((data) => log.append({ data })));
  // Another program holds a row that is to be dropped.
  const holding = await client.begin();
  await holding.transaction.query(
    "SELECT FROM tidings_events WHERE log = $1 ORDER BY xid, id LIMIT 1 FOR UPDATE",
    [name],
  );
  const start = await log.rewind(0);
  await using following = new Following(log, start);
  for (let turn = 0; turn < 10; turn++) {
    await within(
      "appends",
      Promise.all(numbers(50).map((data) => log.append({ data }))),
    );
  }
  // `FOR UPDATE` gives its transaction a number, so that it holds events back, too.
  await holding.rollback();
  await following.untilEvents(500);
  assert(following.batches.every(({ gap }) => !gap));
});

test("an append that PostgreSQL has confirmed does not fail because old events cannot be dropped", async ({ client, name }) => {
  const other = new PostgresEventLog(client, name);
  await Promise.all(numbers(50).map((data) => other.append({ data })));
  const holding = await client.begin();
  await holding.transaction.query(
    "SELECT FROM tidings_events WHERE log = $1 ORDER BY xid, id LIMIT 1 FOR UPDATE",
    [name],
  );
  const log = new PostgresEventLog(client, name, {
    maxEvents: 1,
    timeout: 500,
  });
  const id = await log.append({ data: "a" });
  await holding.rollback();
  assertEquals(await log.rewind(0), id);
});

test("the application makes the tables, or may not be asked to", async () => {
  await using server = await PostgresServer.start();
  await using client = openPostgres(server.url);
  const log = new PostgresEventLog(client, "a", { hasTables: true });
  await assertRejects(
    () => log.rewind(0),
    Error,
    "expected the tables of POSTGRES_SCHEMA version 1, got none",
  );
  for (let twice = 0; twice < 2; twice++) {
    await client.pool.query(POSTGRES_SCHEMA);
  }
  await log.append({ data: "a" });
  // A user that may only read and write needs no more.
  await client.pool.query(
    `CREATE ROLE writer LOGIN;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO writer;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO writer`,
  );
  await using writer = openPostgres(server.url.replace("postgres@", "writer@"));
  const other = new PostgresEventLog(writer, "a", { maxEvents: 1 });
  await other.append({ data: "b" });
  // Functions that are gone are made again.
  const fresh = new PostgresEventLog(client, "fresh");
  await fresh.append({ data: "c" });
  await client.pool.query("DROP FUNCTION tidings_append");
  await fresh.append({ data: "d" });
  await client.pool.query("DROP FUNCTION tidings_read");
  assertEquals((await fresh.read("0-0")).events.length, 2);
  await client.pool.query("DROP FUNCTION tidings_append");
  const migrated = { hasTables: true };
  await assertRejects(
    () => new PostgresEventLog(openLate(client), "a", migrated).rewind(0),
    Error,
    "POSTGRES_SCHEMA",
  );
  await new PostgresEventLog(openLate(client), "a").rewind(0);
  await client.pool.query("UPDATE tidings_schema SET version = 2");
  for (const missing of ["nothing", "tidings_append"]) {
    await client.pool.query(`DROP FUNCTION IF EXISTS ${missing}`);
    await assertRejects(
      () => new PostgresEventLog(openLate(client), "a").rewind(0),
      Error,
      "got version 2",
    );
  }
  // What a later version may do without is not made in its tables.
  const { rows } = await client.pool.query(
    `SELECT version, to_regproc('tidings_append')::text AS made
    FROM tidings_schema`,
  );
  assertEquals(rows, [{ version: 2, made: null }]);
});

test("tables that are gone are made again, unless the application makes them", async () => {
  await using server = await PostgresServer.start();
  await using client = openPostgres(server.url);
  // Nothing drops events meanwhile, which could keep a table from being dropped.
  const log = new PostgresEventLog(client, "a", { maxEvents: Infinity });
  const logs = new PostgresEventLogs(client, "a");
  const uses: (() => Promise<unknown>)[] = [
    () => log.append({ data: "a" }),
    () => log.read("0-1"),
    () => log.rewind(0),
    () => logs.open("a").append({ data: "a" }),
    () => logs.inspect("a"),
  ];
  const tables = ["events", "dropped", "logs", "log_events", "schema"]
    .map((table) => `tidings_${table}`);
  for (const gone of [...tables, tables.join()]) {
    for (const use of uses) {
      await client.pool.query(`DROP TABLE IF EXISTS ${gone}`);
      await use();
    }
    for (const use of uses) await use();
  }
  // An append in a transaction makes none.
  await client.pool.query(`DROP TABLE ${tables}`);
  const inside = await client.begin();
  const missed = await assertRejects(() =>
    log.append({ data: "a" }, inside.options)
  );
  assertEquals((missed as { code?: string }).code, "42P01");
  await inside.rollback();
  await log.rewind(0);
  // Those of a later version, of which it knows nothing.
  await client.pool.query("UPDATE tidings_schema SET version = 2");
  await client.pool.query("DROP TABLE tidings_events");
  await assertRejects(() => log.rewind(0), Error, "got version 2");
  const own = new PostgresEventLog(openLate(client), "a", {
    hasTables: true,
    timeout: 300,
  });
  await client.pool.query("UPDATE tidings_schema SET version = 1");
  const error = await assertRejects(() => own.rewind(0), Error);
  assert(/not exist/.test(`${error} ${error.cause}`), `${error}`);
  const { rows: [row] } = await client.pool.query(
    "SELECT to_regclass('tidings_events') AS found",
  );
  assertEquals(row?.found, null);
});

/** Collects the notifications that a function brings about, up to one that comes last. */
async function hearWhile(
  client: TestPostgres,
  last: string,
  run: () => Promise<void>,
): Promise<string[]> {
  const heard: string[] = [];
  // There is one.
  const stop = await client.listen!(
    "tidings",
    (payload) => heard.push(payload),
    () => {},
  );
  await run();
  for (let tries = 500; !heard.includes(last) && tries > 0; tries--) {
    await new Promise((go) => setTimeout(go, 10));
  }
  await stop();
  return heard;
}

/** How many rows of a table the transaction of a connection has read. */
async function countReadRows(
  connection: PgConnection,
  table: string,
): Promise<number> {
  const { rows } = await connection.query(
    `SELECT coalesce(sum(coalesce(idx_tup_fetch, 0) + seq_tup_read), 0)::text
    AS count FROM pg_stat_xact_user_tables WHERE relname = $1`,
    [table],
  );
  return Number(rows[0]?.count);
}

/** The same client, as a process that starts later has it. */
function openLate(client: PostgresClient): PostgresClient {
  return { query: client.query };
}

test("processes that make the tables at the same time do not disturb each other", async () => {
  await using server = await PostgresServer.start();
  const clients = numbers(10).map(() => openPostgres(server.url, { max: 2 }));
  try {
    await Promise.all(
      clients.map((client) =>
        new PostgresEventLog(client, "a").append({ data: "a" })
      ),
    );
    const log = new PostgresEventLog(clients[0]!, "a");
    const { events } = await readAll(log, await log.rewind(Infinity));
    assertEquals(events.length, 10);
  } finally {
    for (const client of clients) await client.pool.end();
  }
});

test("what was restored from a server with more transactions is read, and comes before all new events", async () => {
  await using old = await PostgresServer.start();
  await using fresh = await PostgresServer.start();
  let dump: string;
  let cursor: string;
  {
    await using client = openPostgres(old.url);
    const log = new PostgresEventLog(client, "news", { maxEvents: 100 });
    // Transactions that the other server has not had.
    for (let i = 0; i < 300; i++) {
      await client.pool.query("SELECT pg_current_xact_id()");
    }
    await appendAll(log, ["a", "b"]);
    cursor = await log.append({ data: "c" });
    dump = await old.run("pg_dump", ["postgres"]);
  }
  await fresh.run("psql", ["-q", "postgres"], dump);
  await using client = openPostgres(fresh.url);
  const log = new PostgresEventLog(client, "news");
  await using following = new Following(log);
  await following.until((batches) => batches.length > 0);
  await log.append({ data: "d" });
  await following.untilEvents(1);
  assertEquals(following.data, ["d"]);
  const { events, gap } = await readAll(log, await log.rewind(Infinity));
  assertEquals(events.map(({ data }) => data), ["a", "b", "c", "d"]);
  assertEquals(gap, false);
  assertEquals((await log.read(cursor)).gap, true);
});

test("what was restored from a server with fewer transactions keeps its IDs, and clients go on after them", async () => {
  await using old = await PostgresServer.start();
  await using fresh = await PostgresServer.start();
  let dump: string;
  const ids: string[] = [];
  const named: string[] = [];
  let lost: string;
  {
    await using client = openPostgres(old.url);
    const log = new PostgresEventLog(client, "news");
    ids.push(...await appendAll(log, ["a", "b", "c"]));
    const logs = new PostgresEventLogs(client, "runs");
    named.push(...await appendAll(logs.open("x"), ["a", "b"]));
    dump = await old.run("pg_dump", ["postgres"]);
    lost = await log.append({ data: "after the dump" });
  }
  await using client = openPostgres(fresh.url);
  for (let i = 0; i < 300; i++) {
    await client.pool.query("SELECT pg_current_xact_id()");
  }
  await fresh.run("psql", ["-q", "postgres"], dump);
  const log = new PostgresEventLog(client, "news");
  await using following = new Following(log, ids[0]);
  await following.untilEvents(2);
  ids.push(await log.append({ data: "d" }));
  await following.untilEvents(3);
  assertEquals(following.ids, ids.slice(1));
  assert(following.batches.every(({ gap }) => !gap));
  for (const [n, id] of ids.entries()) {
    const { events, gap } = await readAll(log, id);
    assertEquals(events.map(({ id }) => id), ids.slice(n + 1));
    assertEquals(gap, false);
  }
  const back = await log.read(lost);
  assertEquals([back.gap, back.events.map(({ data }) => data)], [true, ["d"]]);
  const logs = new PostgresEventLogs(client, "runs");
  named.push(await logs.open("x").append({ data: "c" }));
  const { events, gap } = await readAll(logs.open("x"), named[0]!);
  assertEquals(events.map(({ id }) => id), named.slice(1));
  assertEquals(gap, false);
});
