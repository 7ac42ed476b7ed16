// Copyright 2026 the Tidings authors. MIT license.

/** Runs in memory. */

import { MemoryEventLogs } from "../../log.ts";
import { testRestarts } from "./_restart_suite.ts";
import { testRuns } from "./_suite.ts";

testRuns("MemoryEventLogs", () => {
  const logs = new MemoryEventLogs();
  return {
    logs,
    other: logs,
    countEntries: () => logs.size,
    close: () => logs.close(),
  };
});
testRestarts("MemoryEventLogs", () => {
  const logs = new MemoryEventLogs();
  return {
    logs,
    other: logs,
    countEntries: () => logs.size,
    close: () => logs.close(),
  };
});
