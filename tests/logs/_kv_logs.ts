// Copyright 2026 the Tidings authors. MIT license.

import { DenoKvEventLogs } from "../../logs/deno_kv.ts";
import type { EventLogsFixture } from "../conformance/event_logs_suite.ts";
import { ExpiringKv } from "../support/expiring_kv.ts";

/** Opens a store, in memory or in the file that is given; it ends with the fixture. */
export async function makeKvLogs(path = ":memory:"): Promise<EventLogsFixture> {
  const kv = await Deno.openKv(path);
  const expiring = new ExpiringKv(kv);
  const options = { pollInterval: 20 };
  return {
    logs: new DenoKvEventLogs(expiring, ["logs"], options),
    other: new DenoKvEventLogs(expiring, ["logs"], options),
    countEntries: () => expiring.count(),
    deleteLast: async (name) => {
      const prefix = ["logs", name, "blocks"];
      const options = { reverse: true, limit: 1 };
      for await (const { key } of kv.list({ prefix }, options)) {
        await kv.delete(key);
      }
    },
    close: () => kv.close(),
  };
}
