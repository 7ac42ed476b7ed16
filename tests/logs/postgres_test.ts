// Copyright 2026 the Tidings authors. MIT license.

/** A log in PostgreSQL: the suite, with notifications and without. */

import { PostgresEventLog } from "../../logs/postgres.ts";
import { testConflation } from "../channel/_conflation_model.ts";
import { MAX_EVENTS, testCursors } from "../channel/_cursors_model.ts";
import { testSnapshot } from "../channel/_snapshot_model.ts";
import { testTopicSets } from "../channel/_topic_sets_model.ts";
import { testTopics } from "../channel/_topics_model.ts";
import { testDisconnect } from "../channel/_disconnect_suite.ts";
import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
import { testEventLog } from "../conformance/event_log_suite.ts";
import { openPostgres, type TestPostgres } from "../support/postgres_client.ts";
import { hasPostgres, postgresNote } from "../support/postgres_server.ts";
import { sharedPostgres } from "../support/shared_postgres.ts";

const SUITE = {
  ownIds: false,
  makeCursorAfter: afterSequence,
  conflationKeys: true,
  disconnects: true,
  transactions: true,
  ignore: !hasPostgres,
};

testEventLog(`PostgresEventLog${postgresNote}`, async ({ maxEvents }) => {
  const { url } = await sharedPostgres();
  const client = openPostgres(url);
  const log = new PostgresEventLog(client, crypto.randomUUID(), { maxEvents });
  return {
    log,
    begin: () => client.begin(),
    close: () => client.pool.end(),
  };
}, SUITE);

testDisconnect(`PostgresEventLog${postgresNote}`, async () => {
  const { url } = await sharedPostgres();
  const name = crypto.randomUUID();
  const clients: TestPostgres[] = [];
  return {
    // Each process has connections of its own.
    open: () => {
      const client = openPostgres(url);
      clients.push(client);
      return new PostgresEventLog(client, name);
    },
    close: async () => {
      for (const client of clients) await client[Symbol.asyncDispose]();
    },
  };
}, { ignore: !hasPostgres });

testEventLog(
  `PostgresEventLog (written by another process, without notifications)${postgresNote}`,
  async ({ maxEvents }) => {
    const { url } = await sharedPostgres();
    const [ours, others] = [openPostgres(url), openPostgres(url)];
    const name = crypto.randomUUID();
    const log = new PostgresEventLog({ query: ours.query }, name, {
      maxEvents,
      pollInterval: 5,
    });
    const other = new PostgresEventLog(others, name, {
      maxEvents,
      notify: false,
    });
    return {
      log: {
        append: (event, options) => other.append(event, options),
        read: (after, options) => log.read(after, options),
        rewind: (count, options) => log.rewind(count, options),
        follow: (onBatch, options) => log.follow(onBatch, options),
        compare: (a, b) => log.compare(a, b),
      },
      begin: () => others.begin(),
      close: async () => {
        await ours[Symbol.asyncDispose]();
        await others[Symbol.asyncDispose]();
      },
    };
  },
  SUITE,
);

const MODEL = { runs: 3, ignore: !hasPostgres };

/** Logs of one name, as processes that come one after the other have them. */
async function openModel(
  _: unknown,
  maxEvents: number,
): Promise<{ open: () => PostgresEventLog; close: () => Promise<void> }> {
  const { url } = await sharedPostgres();
  const client = openPostgres(url);
  const name = crypto.randomUUID();
  return {
    open: () => new PostgresEventLog(client, name, { maxEvents }),
    close: () => client.pool.end(),
  };
}

testTopics(`PostgresEventLog${postgresNote}`, openModel, MODEL);
testTopicSets(`PostgresEventLog${postgresNote}`, openModel, MODEL);
testConflation(`PostgresEventLog${postgresNote}`, openModel, MODEL);
testSnapshot(`PostgresEventLog${postgresNote}`, openModel, MODEL);

testCursors(`PostgresEventLog${postgresNote}`, async () => {
  const { url } = await sharedPostgres();
  const client = openPostgres(url);
  const name = crypto.randomUUID();
  let commands = 0;
  const log = new PostgresEventLog(
    {
      ...client,
      query: (sql, values, transaction) => {
        commands++;
        return client.query(sql, values, transaction);
      },
    },
    name,
    { maxEvents: MAX_EVENTS },
  );
  return {
    log,
    countCommands: () => commands,
    remove: async (ids) => {
      await client.pool.query(
        "DELETE FROM tidings_events WHERE log = $1 AND xid || '-' || id = ANY($2)",
        [name, ids],
      );
    },
    close: () => client.pool.end(),
  };
}, { canRemove: true, ignore: !hasPostgres });
