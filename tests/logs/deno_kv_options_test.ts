// Copyright 2026 the Tidings authors. MIT license.

import {
  DenoKvEventLog,
  type DenoKvEventLogOptions,
  DenoKvEventLogs,
  type DenoKvEventLogsOptions,
  type KvStore,
} from "../../logs/deno_kv.ts";
import { testLogOptions, testLogsOptions } from "../support/log_options.ts";
import { testOptions } from "../support/options_suite.ts";

async function use<T>(call: (kv: KvStore) => Promise<T> | T): Promise<T> {
  using kv = await Deno.openKv(":memory:");
  return await call(kv);
}

testOptions<DenoKvEventLogOptions>({
  name: "new DenoKvEventLog()",
  call: (options) => use((kv) => new DenoKvEventLog(kv, ["a"], options)),
  right: { maxEvents: 5, maxAge: 5, pollInterval: 5, timeout: 5 },
  wrong: { maxEvents: "5", maxAge: "5", pollInterval: "5", timeout: "5" },
});

testOptions<DenoKvEventLogsOptions>({
  name: "new DenoKvEventLogs()",
  call: (options) => use((kv) => new DenoKvEventLogs(kv, ["a"], options)),
  right: { pollInterval: 5, timeout: 5 },
  wrong: { pollInterval: "5", timeout: "5" },
});

testLogOptions(
  "DenoKvEventLog",
  (call) => use((kv) => call(new DenoKvEventLog(kv, ["a"]))),
);

testLogsOptions(
  "DenoKvEventLogs",
  (call) => use((kv) => call(new DenoKvEventLogs(kv, ["a"]))),
);
