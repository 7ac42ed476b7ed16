// Copyright 2026 the Tidings authors. MIT license.

/** Runs in Deno KV. */

import { makeKvLogs } from "../logs/_kv_logs.ts";
import { testRestarts } from "./_restart_suite.ts";
import { testRuns } from "./_suite.ts";

testRuns("DenoKvEventLogs", () => makeKvLogs());
testRestarts("DenoKvEventLogs", () => makeKvLogs());
