// Copyright 2026 the Tidings authors. MIT license.

/** Runs in Deno KV. */

import { makeKvLogs } from "../logs/_kv_logs.ts";
import { testRuns } from "./_suite.ts";

testRuns("DenoKvEventLogs", () => makeKvLogs());
