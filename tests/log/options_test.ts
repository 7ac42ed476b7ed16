// Copyright 2026 the Tidings authors. MIT license.

import {
  MemoryEventLog,
  type MemoryEventLogOptions,
  MemoryEventLogs,
} from "../../log.ts";
import { testLogOptions, testLogsOptions } from "../support/log_options.ts";
import { testOptions } from "../support/options_suite.ts";

testOptions<MemoryEventLogOptions>({
  name: "new MemoryEventLog()",
  call: (options) => new MemoryEventLog(options),
  right: { maxEvents: 5, maxBytes: 5, maxAge: 5 },
  wrong: { maxEvents: "5", maxBytes: "5", maxAge: "5" },
});

testLogOptions("MemoryEventLog", (call) => call(new MemoryEventLog()));

testLogsOptions("MemoryEventLogs", async (call) => {
  using logs = new MemoryEventLogs();
  return await call(logs);
});
