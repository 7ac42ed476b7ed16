// Copyright 2026 the Tidings authors. MIT license.

/** When writes to an engine wait for the next interval. */

import { assertEquals } from "@std/assert";
import { WriteLimiter } from "../../logs/_engine/write_limiter.ts";
import { FakeTime } from "../support/fake_time.ts";

/** The milliseconds of an interval, and its writes that do not wait. */
const INTERVAL = 20;
const UNDELAYED = 32;

/** Asks for so many writes, and tells which of them wait. */
function ask(limiter: WriteLimiter, count: number): boolean[] {
  return Array.from({ length: count }, () => limiter.next() !== undefined);
}

/** Counts the waits that are over. */
function watch(limiter: WriteLimiter, count: number): () => Promise<number> {
  let over = 0;
  for (let i = 0; i < count; i++) limiter.next()?.then(() => over++);
  return async () => {
    await Promise.resolve();
    return over;
  };
}

Deno.test("WriteLimiter lets all writes of one event loop turn start, however many there are", () => {
  using time = new FakeTime();
  const limiter = new WriteLimiter();
  assertEquals(ask(limiter, 1000).includes(true), false);
  time.pass(0);
  assertEquals(ask(limiter, 1), [true]);
});

Deno.test("WriteLimiter delays no write where there are few in an interval", () => {
  using time = new FakeTime();
  const limiter = new WriteLimiter();
  for (let interval = 0; interval < 5; interval++) {
    for (let i = 0; i < UNDELAYED - 1; i++) {
      assertEquals(ask(limiter, 1), [false]);
      time.pass(0.5);
    }
    time.pass(INTERVAL);
  }
  assertEquals(time.timers.size, 0);
});

Deno.test("WriteLimiter delays writes beyond 32 to the end of the interval", async () => {
  using time = new FakeTime();
  const limiter = new WriteLimiter();
  for (let i = 0; i < UNDELAYED; i++) {
    assertEquals(ask(limiter, 1), [false]);
    time.pass(0.1);
  }
  const countOver = watch(limiter, 5);
  time.pass(INTERVAL - UNDELAYED * 0.1 - 0.1);
  assertEquals(await countOver(), 0);
  time.pass(0.2);
  assertEquals(await countOver(), 5);
  // They count as the first writes of the next interval.
  assertEquals(ask(limiter, UNDELAYED - 5).includes(true), false);
  time.pass(0);
  assertEquals(ask(limiter, 1), [true]);
});

Deno.test("WriteLimiter delays all writes of an interval that begins with many", async () => {
  using time = new FakeTime();
  const limiter = new WriteLimiter();
  ask(limiter, UNDELAYED);
  time.pass(0);
  for (let interval = 0; interval < 3; interval++) {
    const countOver = watch(limiter, UNDELAYED);
    assertEquals(await countOver(), 0);
    time.pass(INTERVAL);
    assertEquals(await countOver(), UNDELAYED);
  }
  assertEquals(ask(limiter, 1), [true]);
  time.pass(INTERVAL);
  // The next interval has had one write only.
  assertEquals(ask(limiter, UNDELAYED - 1).includes(true), false);
});
