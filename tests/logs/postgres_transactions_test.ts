// Copyright 2026 the Tidings authors. MIT license.

/**
 * Transactions that overlap, of which some are rolled back, fail or lose their connection:
 * what is committed comes once, and in one order for all.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import {
  type PostgresClient,
  PostgresEventLog,
  type PostgresEventLogOptions,
} from "../../logs/postgres.ts";
import {
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
  openRoute,
  openShared,
  POSTGRES_ROUTES,
  type PostgresRoute,
} from "../support/postgres_routes.ts";
import { PostgresServer } from "../support/postgres_server.ts";
import { Random } from "../support/random.ts";
import { within } from "../support/within.ts";

interface Fixture {
  route: PostgresRoute;
  client: TestPostgres;
  name: string;
  open(
    options?: PostgresEventLogOptions,
    client?: PostgresClient,
  ): PostgresEventLog;
}

function test(
  behaviour: string,
  fn: (fixture: Fixture) => Promise<void>,
  routes = POSTGRES_ROUTES,
) {
  for (const route of routes) {
    const { suffix, ignore } = route;
    Deno.test(
      `PostgresEventLog${suffix} ${behaviour}`,
      { ignore },
      async () => {
        await using client = await openShared(route, { max: 40 });
        const name = crypto.randomUUID();
        const open: Fixture["open"] = (options, over = client) =>
          new PostgresEventLog(over, name, options);
        await fn({ route, client, name, open });
      },
    );
  }
}

/** How a transaction ends, drawn at random. */
type End = "commit" | "rollback" | "serialization failure" | "killed client";

/** Publishes in one transaction, and tells whether it was committed. */
async function transact(
  client: TestPostgres,
  log: PostgresEventLog,
  data: readonly string[],
  end: End,
  pause: () => Promise<unknown>,
): Promise<boolean> {
  const connection = await client.pool.connect();
  let isBroken = false;
  try {
    await connection.query(
      end === "serialization failure"
        ? "BEGIN ISOLATION LEVEL REPEATABLE READ"
        : "BEGIN",
    );
    if (end === "serialization failure") {
      await connection.query("SELECT value FROM counters");
    }
    for (const each of data) {
      await log.append({ data: each }, { transaction: connection });
      await pause();
    }
    if (end === "killed client") {
      const pid = await backendOf(connection);
      await client.pool.query("SELECT pg_terminate_backend($1)", [pid]);
      await connection.query("SELECT 1").catch(() => {});
      isBroken = true;
      return false;
    }
    if (end === "serialization failure") {
      await client.pool.query("UPDATE counters SET value = value + 1");
      const error = await assertRejects(() =>
        connection.query("UPDATE counters SET value = value + 1")
      );
      assertEquals((error as { code?: string }).code, "40001");
    }
    await connection.query(end === "commit" ? "COMMIT" : "ROLLBACK");
    return end === "commit";
  } finally {
    connection.release(isBroken);
  }
}

test("gives all readers what hundreds of transactions at once have committed, once and in one order", async ({ route, client, open }) => {
  await client.pool.query(
    "CREATE TABLE IF NOT EXISTS counters AS SELECT 0 AS value",
  );
  const random = new Random(Math.floor(Math.random() * 2 ** 30));
  const log = open({ maxEvents: Infinity });
  const start = await log.rewind(0);
  await using other = await openShared(route);
  await using heard = new Following(log, start);
  await using polled = new Following(
    open({ pollInterval: 5 }, { query: other.query }),
    start,
  );
  await heard.until((batches) => batches.length > 0);
  const committed: string[] = [];
  const ends: End[] = ["rollback", "serialization failure"];
  if (route.survivesLoss) ends.push("killed client");
  let left = 300;
  const joined: Following[] = [];
  const work = async (worker: number): Promise<void> => {
    while (left-- > 0) {
      const data = numbers(1 + random.below(3)).map((n) =>
        `${worker} ${left} ${n}`
      );
      const end = random.onceIn(3) ? random.pick(ends) : "commit";
      const pause = () =>
        random.onceIn(2)
          ? Promise.resolve()
          : new Promise((go) => setTimeout(go, random.below(20)));
      if (await transact(client, log, data, end, pause)) {
        committed.push(...data);
      }
      if (random.onceIn(5)) {
        const data = `${worker} ${left} alone`;
        await log.append({ data });
        committed.push(data);
      }
      if (random.onceIn(40)) {
        // It goes on where a read ended while transactions were open.
        const batch = await log.read(start, { limit: 1 + random.below(100) });
        joined.push(new Following(log, batch.cursor));
      }
    }
  };
  try {
    await Promise.all(numbers(25).map((_, worker) => work(worker)));
    const last = await log.append({ data: "last" });
    committed.push("last");
    for (const following of [heard, polled, ...joined]) {
      await following.until(() => following.ids.at(-1) === last);
      assert(following.batches.every(({ gap }) => !gap));
    }
    const { events, gap } = await readAll(open({}, other), start);
    assertEquals(gap, false);
    assertEquals(events.map(({ data }) => data).sort(), committed.sort());
    const ids = events.map(({ id }) => id);
    assertEquals(heard.ids, ids);
    assertEquals(polled.ids, ids);
    for (const following of joined) {
      assertEquals(following.ids, ids.slice(-following.ids.length));
    }
    const ordered = ids.toSorted((a, b) => log.compare(a, b)!);
    assertEquals(ordered, ids);
  } finally {
    for (const following of joined) await following[Symbol.asyncDispose]();
  }
});

test("gives nothing behind an older transaction that is open, and then all", async ({ client, open }) => {
  const log = open();
  await using following = new Following(log);
  await following.until((batches) => batches.length > 0);
  for (const [round, end] of (["commit", "rollback"] as const).entries()) {
    const older = await client.begin();
    await log.append({ data: `older ${round}` }, older.options);
    const younger = await client.begin();
    await log.append({ data: `younger ${round}` }, younger.options);
    await younger.commit();
    const alone = await log.append({ data: `alone ${round}` });
    const start = following.batches.at(-1)!.cursor;
    const before = await log.read(start);
    assertEquals([before.events, before.gap], [[], false]);
    // Its ID is good as a cursor already: it is not taken for one after the end.
    assertEquals(await log.read(alone), {
      events: [],
      cursor: alone,
      gap: false,
    });
    await older[end]();
    // Nothing tells of a rollback.
    await following.until(() => following.ids.at(-1) === alone);
    const { events } = await readAll(log, start);
    const expected = [`younger ${round}`, `alone ${round}`];
    if (end === "commit") expected.unshift(`older ${round}`);
    assertEquals(events.map(({ data }) => data), expected);
  }
  assert(following.batches.every(({ gap }) => !gap));
});

test(
  "keeps the order, and what was committed, when the server is killed",
  async ({ route }) => {
    await using server = await PostgresServer.start({ isDurable: true });
    await using client = await openRoute(route, server, { max: 10 });
    const log = new PostgresEventLog(client, "orders");
    const start = await log.rewind(0);
    await using following = new Following(log, start);
    const committed: string[] = [];
    const unsure: string[] = [];
    let isOver = false;
    const work = async (worker: number): Promise<void> => {
      for (let count = 0; !isOver; count++) {
        const data = `${worker} ${count}`;
        let transaction;
        try {
          transaction = await client.begin();
          await log.append({ data }, transaction.options);
          unsure.push(data);
          await transaction.commit();
          committed.push(data);
        } catch {
          // A connection that is lost is given back.
          await transaction?.rollback().catch(() => {});
          await new Promise((go) => setTimeout(go, 20));
        }
      }
    };
    const alone = async (): Promise<void> => {
      for (let count = 0; !isOver; count++) {
        const data = `alone ${count}`;
        await log.append({ data });
        committed.push(data);
      }
    };
    const workers = Promise.all([work(1), work(2), work(3), alone()]);
    try {
      for (let kill = 0; kill < 2; kill++) {
        await following.untilEvents(following.ids.length + 20);
        await server.kill();
        await server.restart();
      }
      await following.untilEvents(following.ids.length + 20);
    } finally {
      isOver = true;
      await workers;
    }
    const last = await log.append({ data: "last" });
    await following.until(() => following.ids.at(-1) === last);
    const { events, gap } = await readAll(log, start);
    assertEquals(gap, false);
    assertEquals(events.map(({ id }) => id), following.ids);
    const data = events.map(({ data }) => data!);
    assertEquals(new Set(data).size, data.length);
    for (const each of committed) assert(data.includes(each), each);
    const known = new Set([...committed, ...unsure, "last"]);
    assertEquals(data.filter((each) => !known.has(each)), []);
    assert(following.batches.every(({ gap }) => !gap));
  },
  POSTGRES_ROUTES.filter(({ survivesLoss }) => survivesLoss),
);

test("publishes in a transaction with one INSERT, which is tried once", async ({ client, open }) => {
  await open().rewind(0);
  const statements: string[] = [];
  const log = open({}, {
    query: (sql, values, transaction) => {
      statements.push(sql);
      return client.query(sql, values, transaction);
    },
  });
  await using channel = new EventChannel({ log, onError: () => {} });
  const { transaction, rollback } = await client.begin();
  const ids = await Promise.all(
    numbers(3).map((data) => channel.publish({ data }, { transaction })),
  );
  assertEquals(new Set(ids).size, 3);
  assertEquals(statements.length, 3);
  for (const sql of statements) {
    assertEquals(sql.match(/INSERT|SELECT [^$]* FROM tidings|DELETE/g), [
      "INSERT",
    ]);
  }
  await assertRejects(() => transaction.query("SELECT nonsense"));
  const error = await assertRejects(
    () => channel.publish({ data: "too late" }, { transaction }),
    Error,
    "Cannot append to event log",
  );
  assertEquals((error as { code?: string }).code, "25P02");
  assertEquals(statements.length, 4);
  await rollback();
  assertEquals((await log.read(await log.rewind(Infinity))).events, []);
});

test("publishes what its transaction keeps, in all logs, whatever is rolled back to a savepoint", async ({ client, name, open }) => {
  const logs = [open(), new PostgresEventLog(client, `${name} other`)];
  await using channel = new EventChannel({ log: logs[0]! });
  const starts = await Promise.all(logs.map((log) => log.rewind(0)));
  const { transaction, options, commit } = await client.begin();
  const publish = async (data: string): Promise<void> => {
    const given = { topics: ["a", "b"], conflationKey: "k", ...options };
    await channel.publish({ data, event: "paid" }, given);
    await logs[1]!.append({ data }, options);
  };
  await publish("1");
  await transaction.query("SAVEPOINT a");
  await publish("undone");
  await transaction.query("ROLLBACK TO a");
  await publish("2");
  await publish("3");
  await commit();
  const alone = await Promise.all(logs.map((log) => log.append({ data: "4" })));
  for (const [n, log] of logs.entries()) {
    const { events, gap } = await readAll(log, starts[n]!);
    assertEquals(events.map(({ data }) => data), ["1", "2", "3", "4"]);
    assertEquals([gap, events[3]?.id], [false, alone[n]]);
  }
  const { events: [first] } = await logs[0]!.read(starts[0]!);
  const { event, topics, conflationKey } = first!;
  assertEquals([event, topics, conflationKey], ["paid", ["a", "b"], "k"]);
});

test("publishes nothing in a transaction that may not write, or that fails when it is committed", async ({ client, name, open }) => {
  const log = open();
  const start = await log.rewind(0);
  const reading = await client.begin();
  await reading.transaction.query("SET TRANSACTION READ ONLY");
  const refused = await assertRejects(() =>
    log.append({ data: "refused" }, reading.options)
  );
  assertEquals((refused as { code?: string }).code, "25006");
  await reading.rollback();
  const table = `"${name}"`;
  await client.pool.query(
    `CREATE TABLE ${table} AS SELECT 1 AS key, 0 AS value`,
  );
  await client.pool.query(`INSERT INTO ${table} VALUES (2, 0)`);
  const both = [await client.begin(), await client.begin()];
  for (const { transaction } of both) {
    await transaction.query("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
    await transaction.query(`SELECT sum(value) FROM ${table}`);
  }
  for (const [n, { transaction, options }] of both.entries()) {
    await transaction.query(
      `UPDATE ${table} SET value = value + 1 WHERE key = ${n + 1}`,
    );
    await log.append({ data: `${n}` }, options);
  }
  await both[0]!.commit();
  const failed = await assertRejects(() => both[1]!.commit());
  assertEquals((failed as { code?: string }).code, "40001");
  await log.append({ data: "alone" });
  const { events } = await readAll(log, start);
  assertEquals(events.map(({ data }) => data), ["0", "alone"]);
});

test(
  "rejects at once in a transaction whose connection has ended, and writes nothing",
  async ({ client, open }) => {
    const log = open();
    const start = await log.rewind(0);
    let calls = 0;
    const counted = open({}, {
      query: (...call) => (calls++, client.query(...call)),
    });
    const connection = await client.pool.connect();
    const isRefused = () =>
      assertRejects(
        () => counted.append({ data: "late" }, { transaction: connection }),
        Error,
        "Cannot append to event log",
      );
    try {
      await connection.query("BEGIN");
      await log.append({ data: "lost" }, { transaction: connection });
      const pid = await backendOf(connection);
      await client.pool.query("SELECT pg_terminate_backend($1)", [pid]);
      await isRefused();
      assertEquals(calls, 1);
    } finally {
      connection.release(true);
    }
    await isRefused();
    assertEquals(calls, 2);
    await log.append({ data: "alone" });
    const { events } = await readAll(log, start);
    assertEquals(events.map(({ data }) => data), ["alone"]);
  },
  POSTGRES_ROUTES.filter(({ survivesLoss }) => survivesLoss),
);

async function backendOf(connection: PgConnection): Promise<unknown> {
  const { rows: [row] } = await connection.query(
    "SELECT pg_backend_pid() AS pid",
  );
  return row?.pid;
}

test("takes the row of another program, and tells of one that is no event", async ({ client, name, open }) => {
  const log = open();
  await using following = new Following(log);
  await following.until((batches) => batches.length > 0);
  const insert = "INSERT INTO tidings_events (log, event) VALUES ($1, $2)";
  const events = [
    '{"event":"paid","data":"17"}',
    "no JSON",
    "5",
    '{"data":"18"}',
  ];
  for (const event of events) await client.pool.query(insert, [name, event]);
  await client.pool.query("SELECT pg_notify('tidings', $1)", [name]);
  await following.untilEvents(4);
  assertEquals(following.data, ["17", undefined, undefined, "18"]);
  const { events: read } = await log.read(await log.rewind(Infinity));
  assertEquals(read.map(({ fault }) => fault?.name), [
    undefined,
    "EventLogEntryError",
    "EventLogEntryError",
    undefined,
  ]);
});

test("notices that the connection that listens is lost, and opens another", async ({ client, open }) => {
  const log = open();
  await using following = new Following(log);
  await following.until((batches) => batches.length > 0);
  const findListeners = async (): Promise<number[]> => {
    const { rows } = await client.pool.query(
      "SELECT pid FROM pg_stat_activity WHERE query ~* '^LISTEN .?tidings'",
    );
    return rows.map(({ pid }) => Number(pid));
  };
  const untilListening = async (gone: number[]): Promise<number[]> => {
    for (let i = 0; i < 500; i++) {
      const pids = (await findListeners()).filter((pid) => !gone.includes(pid));
      if (pids.length > 0) return pids;
      await new Promise((go) => setTimeout(go, 20));
    }
    throw new Error("Nothing listens");
  };
  const pids = await untilListening([]);
  for (const pid of pids) {
    await client.pool.query("SELECT pg_terminate_backend($1)", [pid]);
  }
  await untilListening(pids);
  await log.append({ data: "a" });
  await following.untilEvents(1);
});

test(
  "listens on one connection again when a standby that refuses that becomes the server",
  async ({ route }) => {
    await using server = await PostgresServer.start();
    await using client = openPostgres(server.url);
    await using listening = await openRoute(route, server);
    let failures = 0;
    let isHeard = Promise.withResolvers<void>();
    const log = new PostgresEventLog(
      {
        query: client.query,
        listen: async (...calls) => {
          try {
            const stop = await listening.listen!(...calls);
            isHeard.resolve();
            return stop;
          } catch (error) {
            failures++;
            throw error;
          }
        },
      },
      "orders",
      // Only a notification wakes it, as long as it takes the connection for a good one.
      { pollInterval: Infinity },
    );
    await using following = new Following(log);
    await following.until((batches) => batches.length > 0);
    await within("the log listens", isHeard.promise);
    isHeard = Promise.withResolvers();
    await server.restartAsStandby();
    for (let i = 0; failures < 3 && i < 500; i++) {
      await new Promise((go) => setTimeout(go, 20));
    }
    await client.pool.query("SELECT pg_promote()");
    await within("the log listens again", isHeard.promise);
    const { rows: [row] } = await client.pool.query(
      "SELECT count(*)::int FROM pg_stat_activity WHERE query ~* '^LISTEN'",
    );
    assertEquals(row?.count, 1);
    await log.append({ data: "a" });
    await following.untilEvents(1);
  },
  POSTGRES_ROUTES.filter(({ hasBouncer }) => !hasBouncer),
);
