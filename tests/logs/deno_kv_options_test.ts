// Copyright 2026 the Tidings authors. MIT license.

import { assertThrows } from "@std/assert";
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

const NONE: Record<string, unknown> = {
  "nothing": undefined,
  "null": null,
  "a URL": "redis://127.0.0.1",
  "an object": {},
  "a store that is not open yet": Promise.resolve({ get() {} }),
};

for (const [name, value] of Object.entries(NONE)) {
  Deno.test(`DenoKvEventLog and DenoKvEventLogs throw TypeError for ${name} in place of a store`, () => {
    const kv = value as KvStore;
    const message = 'kv" to be an open Deno.Kv, got ';
    assertThrows(() => new DenoKvEventLog(kv, ["a"]), TypeError, message);
    assertThrows(() => new DenoKvEventLogs(kv, ["a"]), TypeError, message);
  });
}
