// Copyright 2026 the Tidings authors. MIT license.

import { MemoryEventLog } from "../../log.ts";
import { RemoteLog } from "../support/remote_log.ts";
import { testConflation } from "./_conflation_model.ts";

testConflation("MemoryEventLog", (_, maxEvents) => {
  const log = new MemoryEventLog({ maxEvents });
  return { open: () => log };
}, { runs: 10 });

testConflation("RemoteLog", (random, maxEvents) => {
  const log = new RemoteLog({ maxEvents });
  log.failsOnce = (part) =>
    log.calls.append > 0 && part !== "append" && random.onceIn(50);
  log.batchSize = () => 1 + random.below(20);
  return { open: () => log };
}, { runs: 5 });
