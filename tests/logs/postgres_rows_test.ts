// Copyright 2026 the Tidings authors. MIT license.

/** Rows that other programs write into the tables of PostgreSQL: events, and what is none. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventLogEntryError } from "../../log.ts";
import { PostgresEventLog, PostgresEventLogs } from "../../logs/postgres.ts";
import { EventRuns } from "../../runs/mod.ts";
import { Following, readAll } from "../conformance/event_log_readers.ts";
import { readToEnd, until } from "../runs/_fixture.ts";
import { openPostgres, type TestPostgres } from "../support/postgres_client.ts";
import { hasPostgres, postgresNote } from "../support/postgres_server.ts";
import { sharedPostgres } from "../support/shared_postgres.ts";
import { checkChannel } from "./_malformed_entries.ts";

function test(
  behaviour: string,
  fn: (client: TestPostgres, name: string) => Promise<void>,
): void {
  Deno.test(`PostgreSQL${postgresNote}: ${behaviour}`, {
    ignore: !hasPostgres,
  }, async () => {
    const { url } = await sharedPostgres();
    await using client = openPostgres(url);
    await fn(client, crypto.randomUUID());
  });
}

const INSERT = `INSERT INTO tidings_events (log, event) VALUES ($1, $2)
RETURNING concat(xid, '-', id) AS cursor`;

/** What is no event, as the text of its row. */
const FAULTS: Record<string, string> = {
  "nothing": "",
  "a space": " ",
  "a hyphen": "-",
  "text": "paid",
  "JSON that is cut off": '{"data":"x"',
  "two lines": '{"data":"x"}\n{"data":"y"}',
  "a byte order mark": '\ufeff{"data":"x"}',
  "a control character": '{"data":"\x01"}',
  "deep lists that do not end": "[".repeat(20_000),
  "null": "null",
  "a number": "5",
  "a string": '"x"',
  "a list": '[{"data":"x"}]',
  "data that is a number": '{"data":5}',
  "data that is null": '{"data":null}',
  "data that is an object": '{"data":{"a":1}}',
  "a type that is a number": '{"data":"x","event":5}',
  "a line feed in the type": '{"data":"x","event":"a\\nb"}',
  "a CR in the type": '{"data":"x","event":"a\\rb"}',
  "a retry that is text": '{"data":"x","retry":"soon"}',
  "a negative retry": '{"data":"x","retry":-1}',
  "a fractional retry": '{"data":"x","retry":1.5}',
  "an endless retry": '{"data":"x","retry":1e400}',
  "a comment that is a number": '{"data":"x","comment":5}',
  "topics that are text": '{"data":"x","topics":"all"}',
  "topics that are numbers": '{"data":"x","topics":[1]}',
  "topics that are null": '{"data":"x","topics":null}',
  "a conflation key that is a number": '{"data":"x","conflationKey":1}',
  "a disconnect that is text": '{"data":"x","disconnect":"yes"}',
};

test(
  "what is no event is left out of a channel, and told once",
  async (client, name) => {
    for (const [fault, text] of Object.entries(FAULTS)) {
      const key = `${name} ${fault}`;
      await checkChannel(
        new PostgresEventLog(client, key),
        async () =>
          String(
            (await client.pool.query(INSERT, [key, text])).rows[0]?.cursor,
          ),
        fault,
      );
    }
  },
);

/** Events, with what a reader gets of each. */
const EVENTS: [text: string, event: Record<string, unknown>][] = [
  ["{}", {}],
  ['{"data":"x","unknown":1}', { data: "x" }],
  ['{"data":"x","id":"own"}', { data: "x" }],
  ['{"data":"first","data":"second"}', { data: "second" }],
  ['{"__proto__":{"data":"x"}}', {}],
  [' \n{"data":"x"}\t', { data: "x" }],
  ['{"data":"1\\r\\n2","event":""}', { data: "1\r\n2", event: "" }],
  ['{"data":"\\u0000 \\ud800"}', { data: "\0 \ud800" }],
  [JSON.stringify({ data: "é".repeat(500_000) }), {
    data: "é".repeat(500_000),
  }],
];

test("what is an event comes as it is", async (client, name) => {
  const log = new PostgresEventLog(client, name, { pollInterval: 5 });
  const start = await log.append({ data: "start" });
  await using following = new Following(log, start);
  await following.until((batches) => batches.length > 0);
  const ids: string[] = [];
  for (const [text] of EVENTS) {
    const { rows: [row] } = await client.pool.query(INSERT, [name, text]);
    ids.push(String(row?.cursor));
  }
  await following.untilEvents(EVENTS.length);
  const { events } = await readAll(log, start);
  assertEquals(following.ids, ids);
  const given = events.map((event) =>
    Object.fromEntries(
      Object.entries(event).filter(([, value]) => value !== undefined),
    )
  );
  assertEquals(
    given,
    EVENTS.map(([, event], n) => ({ ...event, id: ids[n] })),
  );
  assertEquals(events.map(({ fault }) => fault), events.map(() => undefined));
});

test(
  "a row that would have no place in the order is refused",
  async (client, name) => {
    await new PostgresEventLog(client, name).rewind(0);
    for (
      const columns of [
        "(log, event) VALUES ($1, NULL)",
        "(event) VALUES ($1)",
        "(log, event, id) VALUES ($1, '{}', -5)",
        "(log, event, id) VALUES ($1, '{}', 0)",
        "(log, event, id) VALUES ($1, '{}', NULL)",
        "(log, event, xid) VALUES ($1, '{}', NULL)",
      ]
    ) {
      const sql = `INSERT INTO tidings_events ${columns}`;
      const error = await assertRejects(() => client.pool.query(sql, [name]));
      assertEquals(String((error as { code?: string }).code).slice(0, 2), "23");
    }
  },
);

test(
  "an event of a run that was overwritten is left out, and told once",
  async (client, name) => {
    const logs = new PostgresEventLogs(client, name);
    const errors: unknown[] = [];
    await using runs = new EventRuns({
      logs,
      onError: (error) => errors.push(error),
    });
    await runs.start("a", () => [{ data: "1" }, { data: "2" }]);
    await until(() => runs.size === 0);
    await client.pool.query(
      `UPDATE tidings_log_events AS e SET event = '[]' FROM tidings_logs AS l
    WHERE l.collection = $1 AND l.name = 'a' AND e.epoch = l.epoch
    AND e.event LIKE '%"data":"1"%'`,
      [name],
    );
    for (let twice = 0; twice < 2; twice++) {
      assertEquals(await readToEnd(runs, "a"), ["message: 2", "end: done"]);
    }
    assertEquals(await runs.status("a"), "done");
    assert(errors.length > 0);
    for (const error of errors) assert(error instanceof EventLogEntryError);
  },
);
