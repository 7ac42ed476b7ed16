// Copyright 2026 the Tidings authors. MIT license.

import { MemoryEventLog } from "../../log.ts";
import { RemoteLog } from "../support/remote_log.ts";
import { testTopicSets } from "./_topic_sets_model.ts";

testTopicSets("MemoryEventLog", (_, maxEvents) => {
  const log = new MemoryEventLog({ maxEvents });
  return { open: () => log };
}, { runs: 10 });

testTopicSets("RemoteLog", (random, maxEvents) => {
  const log = new RemoteLog({ maxEvents });
  log.failsOnce = (part) =>
    log.calls.append > 0 && part !== "append" && random.onceIn(50);
  log.batchSize = () => 1 + random.below(20);
  return { open: () => log };
}, { runs: 5 });
