// Copyright 2026 the Tidings authors. MIT license.

/** What the logs of `runs/` forward to the log of the engine. */

import { assertEquals } from "@std/assert";
import { type EventLog, MemoryEventLogs } from "../../log.ts";
import { GapEventLog } from "../../runs/_gap_event_log.ts";
import { LostRunLog } from "../../runs/_lost_run_log.ts";
import { PrefetchedLog } from "../../runs/_prefetch.ts";

const PREFETCHED = {
  after: "",
  isBeginning: true,
  batch: { events: [], cursor: "", gap: false },
};

const WRAPPERS: Record<string, (log: EventLog) => EventLog> = {
  GapEventLog: (log) => new GapEventLog(log, () => {}),
  LostRunLog: (log) => new LostRunLog(log),
  PrefetchedLog: (log) => new PrefetchedLog(log, PREFETCHED, undefined),
};

/** The methods that a log must have, with no optional one. */
function withoutOptions(log: EventLog): EventLog {
  return {
    append: (event, options) => log.append(event, options),
    read: (after, options) => log.read(after, options),
    rewind: (count, options) => log.rewind(count, options),
    follow: (onBatch, options) => log.follow(onBatch, options),
  };
}

for (const [name, wrap] of Object.entries(WRAPPERS)) {
  Deno.test(`${name} has the optional methods that the log of the engine has`, () => {
    using logs = new MemoryEventLogs();
    const plain = withoutOptions(logs.open("a"));
    const without = wrap(plain);
    assertEquals([without.reaches, without.compare], [undefined, undefined]);
    const log = wrap({
      ...plain,
      reaches: (cursor) => cursor === "1",
      compare: (a, b) => Number(a) - Number(b),
    });
    assertEquals([log.reaches?.("1"), log.reaches?.("2")], [true, false]);
    assertEquals([log.compare?.("1", "3"), log.compare?.("3", "1")], [-2, 2]);
  });
}
