// Copyright 2026 the Tidings authors. MIT license.

/**
 * The logs in PostgreSQL over other ways to it than those of most tests: the client
 * `postgres`, and PgBouncer in transaction mode.
 */

import { assert, assertEquals } from "@std/assert";
import { PostgresEventLog } from "../../logs/postgres.ts";
import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
import {
  appendAll,
  Following,
  numbers,
} from "../conformance/event_log_readers.ts";
import { testEventLog } from "../conformance/event_log_suite.ts";
import { testEventLogs } from "../conformance/event_logs_suite.ts";
import { makePostgresLogs } from "../support/postgres_logs.ts";
import { openShared, POSTGRES_ROUTES } from "../support/postgres_routes.ts";

const KEPT = {
  ownIds: false,
  makeCursorAfter: afterSequence,
  conflationKeys: true,
  disconnects: true,
};

for (const route of POSTGRES_ROUTES.slice(1)) {
  const { suffix, ignore } = route;

  testEventLog(`PostgresEventLog${suffix}`, async ({ maxEvents }) => {
    const client = await openShared(route);
    const name = crypto.randomUUID();
    const log = new PostgresEventLog(client, name, { maxEvents });
    return {
      log,
      begin: () => client.begin(),
      close: () => client.pool.end(),
    };
  }, { ...KEPT, transactions: true, ignore });
}

// The other client and PgBouncer at once, since the cases take long.
const farthest = POSTGRES_ROUTES.slice(-1);

for (const route of farthest) {
  testEventLogs(
    `PostgresEventLogs${route.suffix}`,
    () => makePostgresLogs(route),
    { ...KEPT, ignore: route.ignore },
  );
}

for (const route of POSTGRES_ROUTES.filter(({ hasBouncer }) => hasBouncer)) {
  const { suffix, ignore } = route;

  Deno.test(
    `PostgresEventLog${suffix} is followed where nothing listens and each statement has another session`,
    { ignore },
    async () => {
      await using client = await openShared(route, { max: 1 });
      // Over one connection, so that it would be there if it were of the same session.
      await client.pool.query("SET tidings.test = 'kept'");
      const kept = await Array.fromAsync(numbers(20), async () => {
        const sql = "SELECT current_setting('tidings.test', true) AS test";
        return (await client.pool.query(sql)).rows[0]?.test;
      });
      assert(kept.some((test) => test !== "kept"));
      const { query } = client;
      const log = new PostgresEventLog({ query }, crypto.randomUUID(), {
        pollInterval: 5,
      });
      await using following = new Following(log);
      await following.until((batches) => batches.length > 0);
      const ids = await appendAll(log, numbers(5));
      await following.untilEvents(5);
      assertEquals(following.ids, ids);
    },
  );
}
