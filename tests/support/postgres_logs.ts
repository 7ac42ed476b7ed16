// Copyright 2026 the Tidings authors. MIT license.

/** Logs by name in a PostgreSQL of the tests' own, as two processes have them. */

import { PostgresEventLogs } from "../../logs/postgres.ts";
import type { EventLogsFixture } from "../conformance/event_logs_suite.ts";
import {
  openShared,
  POSTGRES_ROUTES,
  type PostgresRoute,
} from "./postgres_routes.ts";

/** Opens logs that no other test has. */
export async function makePostgresLogs(
  // There is always one.
  route: PostgresRoute = POSTGRES_ROUTES[0]!,
): Promise<EventLogsFixture> {
  const ours = await openShared(route);
  const others = await openShared(route);
  const collection = crypto.randomUUID();
  const logs = new PostgresEventLogs(ours, collection);
  const other = new PostgresEventLogs(others, collection);
  // As processes that have been at work for a while.
  await Promise.all([logs.inspect("nothing"), other.inspect("nothing")]);
  return {
    logs,
    other,
    countEntries: async () => {
      // What has expired is removed by a call that may make more.
      await other.expire("nothing", 1);
      const { rows: [row] } = await others.pool.query(
        `SELECT count(DISTINCT name)::int + count(e.sequence)::int AS count
        FROM tidings_logs LEFT JOIN tidings_log_events AS e USING (epoch)
        WHERE collection = $1`,
        [collection],
      );
      return Number(row?.count);
    },
    deleteLast: async (name) => {
      await others.pool.query(
        `DELETE FROM tidings_log_events WHERE (epoch, sequence) =
        (SELECT epoch, last FROM tidings_logs WHERE collection = $1 AND name = $2)`,
        [collection, name],
      );
    },
    close: async () => {
      await ours.pool.end();
      await others.pool.end();
    },
  };
}
