// Copyright 2026 the Tidings authors. MIT license.

/** For how long a channel counts on what it knows of the bounds of its log. */

import { assertEquals } from "@std/assert";
import { LogBounds } from "../../_channel/log_bounds.ts";
import type { LogReader } from "../../_channel/log_reader.ts";
import type { EventLog } from "../../log.ts";
import { FakeTime } from "../support/fake_time.ts";

/** Makes the bounds of a log whose cursors are numbers, and whose beginning is 10. */
function makeBounds(isNear = false): LogBounds {
  const log: Partial<EventLog> = { compare: (a, b) => Number(a) - Number(b) };
  if (isNear) log.reaches = () => true;
  const reader: Partial<LogReader> = {
    findBegin: () => Promise.resolve("10"),
  };
  return new LogBounds(log as EventLog, reader as LogReader);
}

Deno.test("LogBounds knows the beginning of a log for 5 s", async () => {
  using time = new FakeTime();
  const bounds = makeBounds();
  assertEquals(bounds.findBeginFor("9"), undefined);
  await bounds.askBegin(() => true);
  for (const [passing, begin] of [[0, "10"], [4999, "10"], [1, undefined]]) {
    time.pass(passing as number);
    assertEquals(bounds.findBeginFor("9"), begin as string | undefined);
    assertEquals(bounds.findBeginFor("10"), undefined);
  }
  await bounds.askBegin(() => true);
  assertEquals(bounds.findBeginFor("9"), "10");
});

Deno.test("LogBounds asks a log that is near each time", async () => {
  using _time = new FakeTime();
  const bounds = makeBounds(true);
  await bounds.askBegin(() => true);
  assertEquals(bounds.findBeginFor("9"), undefined);
});

Deno.test("LogBounds waits up to 100 ms before it asks about a cursor after the end", () => {
  using time = new FakeTime();
  const bounds = makeBounds();
  assertEquals(bounds.delayFor("21"), 0);
  bounds.noteEnd("20");
  assertEquals(bounds.delayFor("21"), 100);
  assertEquals(bounds.delayFor("20"), 0);
  time.pass(99);
  assertEquals(bounds.delayFor("21"), 1);
  time.pass(1);
  assertEquals(bounds.delayFor("21"), 0);
});
