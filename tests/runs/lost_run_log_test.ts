// Copyright 2026 the Tidings authors. MIT license.

/** `LostRunLog` on a log that says that a reader's cursor lies after its end. */

import { assertEquals, assertRejects } from "@std/assert";
import {
  type EventLog,
  type EventLogBatch,
  MemoryEventLogs,
} from "../../log.ts";
import { LostRunLog } from "../../runs/_lost_run_log.ts";
import { until } from "./_fixture.ts";

/** A cursor that a restored snapshot does not have. */
const BEYOND = "beyond";

/** A log for which one cursor lies after its end. */
function restored(log: EventLog): EventLog {
  const readEnd = async (): Promise<EventLogBatch> => ({
    events: [],
    cursor: await log.rewind(0),
    gap: true,
  });
  return {
    append: (event, options) => log.append(event, options),
    rewind: (count, options) => log.rewind(count, options),
    read: (after, options) =>
      after === BEYOND ? readEnd() : log.read(after, options),
    follow: async (onBatch, options = {}) => {
      if (options.after !== BEYOND) return await log.follow(onBatch, options);
      const batch = await readEnd();
      onBatch(batch);
      return await log.follow(onBatch, { ...options, after: batch.cursor });
    },
  };
}

/** Follows a log from beyond its end, and gives what comes. */
function follow(
  log: EventLog,
): { batches: EventLogBatch[]; end: () => Promise<void> } {
  const controller = new AbortController();
  const batches: EventLogBatch[] = [];
  const following = log.follow((batch) => void batches.push(batch), {
    after: BEYOND,
    signal: controller.signal,
  });
  // A test that fails before its end leaves the following to fail by itself.
  following.catch(() => {});
  const end = async (): Promise<void> => {
    controller.abort(new Error("over"));
    await assertRejects(() => following, Error, "over");
  };
  return { batches, end };
}

Deno.test("LostRunLog tells the gap to a reader after the end of what is left", async () => {
  using logs = new MemoryEventLogs();
  const memory = logs.open("a");
  const id = await memory.append({ data: "1" });
  const log = new LostRunLog(restored(memory));
  const expected = { events: [], cursor: id, gap: true };
  assertEquals(await log.read(BEYOND), expected);
  const { batches, end } = follow(log);
  await until(() => batches.length > 0);
  await memory.append({ data: "2" });
  await until(() => batches.some(({ events }) => events.length > 0));
  assertEquals(batches[0], expected);
  const { gap, events } = batches.at(-1)!;
  assertEquals([gap, events.map(({ data }) => data)], [false, ["2"]]);
  await end();
});

Deno.test("LostRunLog tells the loss, and no gap, to a reader of a run of which nothing is left", async () => {
  using logs = new MemoryEventLogs();
  const log = new LostRunLog(restored(logs.open("a")));
  assertEquals(await log.read(BEYOND), {
    events: [],
    cursor: BEYOND,
    gap: false,
  });
  const { batches, end } = follow(log);
  // Longer than the log is asked whether anything is left.
  for (let timer = 0; timer < 10; timer++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assertEquals(batches, []);
  log.lose({ event: "end", data: "lost" });
  await until(() => batches.length > 0);
  assertEquals(batches.map(({ gap, events }) => [gap, events[0]?.data]), [
    [false, "lost"],
  ]);
  await end();
});
