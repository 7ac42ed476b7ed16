// Copyright 2026 the Tidings authors. MIT license.

/** The limits of runs that hold where no option says otherwise. */

import { assertEquals, assertRejects } from "@std/assert";
import { type EventLog, MemoryEventLogs } from "../../log.ts";
import {
  type EventRun,
  EventRuns,
  type EventRunSource,
} from "../../runs/mod.ts";
import { Faucet, readRun, runRequest, until, withClaims } from "./_fixture.ts";
import { FakeTime } from "../support/fake_time.ts";

/** A source that gives nothing until its run is over. */
function idle({ signal }: EventRun): ReadableStream<never> {
  return new ReadableStream({
    start(controller): void {
      signal.addEventListener("abort", () => controller.close());
    },
  });
}

/** Produces a run to its end, and gives how it has ended. */
async function produce(
  runs: EventRuns,
  id: string,
  source: EventRunSource,
): Promise<string | undefined> {
  let ended: Promise<void> | undefined;
  await runs.start(id, source, { waitUntil: (given) => ended = given });
  await ended;
  return await runs.status(id);
}

for (
  const { name, data, most } of [
    { name: "100 000 events", data: "", most: 100_000 },
    // With its field names, an event takes a few bytes more.
    { name: "16 777 216 bytes", data: "x".repeat(2 ** 20), most: 15 },
  ]
) {
  Deno.test(`EventRuns stops a source after ${name}`, async () => {
    const errors: string[] = [];
    using logs = new MemoryEventLogs();
    await using runs = new EventRuns({
      logs,
      onError: (error) => errors.push(String(error)),
    });
    const supply = (count: number) =>
      function* () {
        for (let i = 0; i < count; i++) yield { data };
      };
    assertEquals(await produce(runs, "most", supply(most)), "done");
    assertEquals(errors, []);
    assertEquals(await produce(runs, "more", supply(most + 1)), "failed");
    assertEquals(errors.length, 1);
  });
}

Deno.test("EventRuns stops a source after an hour", async () => {
  using time = new FakeTime();
  const errors: string[] = [];
  await using runs = new EventRuns({
    onError: (error) => errors.push(String(error)),
  });
  let ended: Promise<void> | undefined;
  await runs.start("a", idle, { waitUntil: (given) => ended = given });
  const limits = [...time.timers.values()].filter(({ due }) =>
    due === 3_600_000
  );
  assertEquals(limits.length, 1);
  limits[0]?.callback();
  await ended;
  assertEquals(await runs.status("a"), "failed");
  assertEquals(errors.length, 1);
});

Deno.test("EventRuns does not count the time that the log takes for the last events", async () => {
  using memory = new MemoryEventLogs();
  let go = (): void => {};
  const gate = new Promise<void>((resolve) => go = resolve);
  let isWriting = false;
  const logs = withClaims(memory, (claim) => ({
    append: async (event) => {
      isWriting = true;
      await gate;
      return await claim.append(event);
    },
  }));
  await using runs = new EventRuns({ logs, maxRunTime: 20 });
  await runs.start("a", () => [{ data: "1" }]);
  await until(() => isWriting);
  await new Promise((resolve) => setTimeout(resolve, 60));
  go();
  assertEquals(await runs.ended("a"), "done");
});

Deno.test("EventRuns produces 10 000 runs at a time, and no more", async () => {
  using logs = new MemoryEventLogs();
  await using runs = new EventRuns({ logs });
  await Promise.all(
    Array.from({ length: 10_000 }, (_, index) => runs.start(`${index}`, idle)),
  );
  await assertRejects(() => runs.start("more", idle), DOMException);
  assertEquals(runs.size, 10_000);
});

Deno.test("EventRuns keeps a run that has ended for 15 minutes", async () => {
  const delays: number[] = [];
  using memory = new MemoryEventLogs();
  const logs = Object.assign(memory, {
    expire(name: string, delay: number): Promise<unknown> {
      if (name.includes("a")) delays.push(delay);
      return MemoryEventLogs.prototype.expire.call(memory, name, delay);
    },
  });
  await using runs = new EventRuns({ logs });
  assertEquals(await produce(runs, "a", () => [{ data: "1" }]), "done");
  assertEquals(Math.max(...delays), 900_000);
});

Deno.test("EventRuns remembers a bounded number of failures that it has told", async () => {
  let failure = "";
  using logs = Object.assign(new MemoryEventLogs(), {
    inspect: () => Promise.reject(new Error(failure)),
  });
  let told = 0;
  await using runs = new EventRuns({ logs, onError: () => told++ });

  /** Has a run fail, and gives how often that was told. */
  async function fail(id: string, message: string): Promise<number> {
    const before = told;
    failure = message;
    const response = await runs.serve(id, runRequest());
    assertEquals(response.status, 503);
    await response.body?.cancel();
    return told - before;
  }

  // Of one run, each text is another kind: an engine's may hold a number.
  for (let kind = 0; kind < 100; kind++) {
    assertEquals(await fail("a", `kind ${kind}`), 1);
  }
  assertEquals(await fail("a", "kind 0"), 0);
  assertEquals(await fail("a", "kind 99"), 1);
  // Of very many runs, the one that failed first is told again.
  for (let run = 0; run < 2000; run++) await fail(`${run}`, "down");
  assertEquals(await fail("1999", "down"), 0);
  assertEquals(await fail("a", "kind 0"), 1);
});

Deno.test("EventRuns follows a run for no longer than it has readers", async () => {
  using memory = new MemoryEventLogs();
  let following = 0;
  const logs = Object.assign(memory, {
    open(name: string): EventLog {
      const log = MemoryEventLogs.prototype.open.call(memory, name);
      return {
        append: (event, options) => log.append(event, options),
        read: (after, options) => log.read(after, options),
        rewind: (count, options) => log.rewind(count, options),
        follow(onBatch, options): Promise<never> {
          following++;
          return log.follow(onBatch, options).finally(() => following--);
        },
      };
    },
  });
  await using runs = new EventRuns({ logs });
  const faucet = new Faucet();
  await runs.start("a", faucet.open);
  faucet.give("1");
  // The producer follows the log of its stops.
  await until(() => following === 1);
  for (let round = 0; round < 2; round++) {
    {
      await using first = await readRun(runs, "a");
      await using second = await readRun(runs, "a");
      await first.inbox.untilEvents(1);
      await second.inbox.untilEvents(1);
      await until(() => following === 2);
    }
    await until(() => following === 1);
  }
});
