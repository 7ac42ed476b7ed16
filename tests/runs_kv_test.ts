// Copyright 2026 the Tidings authors. MIT license.

/** Runs that are kept in Deno KV. */

import { makeKvLogs } from "./_kv_logs.ts";
import { testRuns } from "./_runs_suite.ts";

testRuns("DenoKvEventLogs", () => makeKvLogs());
