// Copyright 2026 the Tidings authors. MIT license.

import { MemoryEventLogs } from "../../log.ts";
import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
import { testEventLogs } from "../conformance/event_logs_suite.ts";

testEventLogs("MemoryEventLogs", () => {
  const logs = new MemoryEventLogs();
  return {
    logs,
    other: logs,
    countEntries: () => logs.size,
    close: () => logs.close(),
  };
}, { ownIds: true, makeCursorAfter: afterSequence });
