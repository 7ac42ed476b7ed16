// Copyright 2026 the Tidings authors. MIT license.

/** What holds for runs on an engine whose calls fail at random. */

import { assert, assertEquals } from "@std/assert";
import type { EventLogs } from "../../log.ts";
import { EventRuns } from "../../runs/mod.ts";
import { numbers, readAll } from "../conformance/event_log_readers.ts";
import { Failures } from "../support/failing_engines.ts";
import { checkAsyncProperty } from "../support/random.ts";
import { within } from "../support/within.ts";
import { readToEnd, until } from "./_fixture.ts";

/** Logs whose calls fail at random, the same logs without failures, and their end. */
export interface FailingFixture {
  failing: EventLogs;
  logs: EventLogs;
  close?: () => Promise<void> | void;
}

const RUNS = 60;
const EVENTS = numbers(12);

/** Declares the tests with one engine. */
export function testFailingRuns(
  name: string,
  makeLogs: (failures: Failures) => Promise<FailingFixture> | FailingFixture,
  { ignore = false }: { ignore?: boolean } = {},
): void {
  Deno.test(
    `EventRuns, ${name}: ${RUNS} runs end as done where one call in ten fails`,
    { ignore },
    () =>
      checkAsyncProperty(1, async (random) => {
        const failures = new Failures(random);
        const { failing, logs, close } = await makeLogs(failures);
        try {
          await checkRuns(failing, logs);
          assert(failures.count > 5, `${failures.count} failures`);
        } finally {
          await close?.();
        }
      }),
  );
}

async function checkRuns(failing: EventLogs, logs: EventLogs): Promise<void> {
  const errors: string[] = [];
  await using runs = new EventRuns({
    logs: failing,
    onError: (error, id) => errors.push(`${id}: ${error}`),
  });
  await using after = new EventRuns({ logs });
  const ids = numbers(RUNS).map((number) => `run ${number}`);
  await Promise.all(ids.map(async (id) => {
    assertEquals(await runs.start(id, give), true);
  }));
  await within("all runs end", until(() => runs.size === 0));
  for (const id of ids) {
    const told = errors.filter((text) => text.startsWith(`${id}: `));
    assertEquals([id, await after.status(id)], [id, "done"], told.join("\n"));
    const { events } = await readAll(logs.open(id), "0-0");
    const data = events.flatMap(({ data }) => data ?? []);
    assertEquals(data, [...EVENTS, "done"], id);
    // The lease is over with the run: it can be started again at once.
    assertEquals((await logs.inspect(id)).isClaimed, false, id);
  }
  const all = [...EVENTS.map((data) => `message: ${data}`), "end: done"];
  const readings = ids.slice(0, 5).map((id) => readToEnd(after, id));
  for (const read of await Promise.all(readings)) assertEquals(read, all);
}

async function* give(): AsyncGenerator<{ data: string }> {
  for (const data of EVENTS) {
    yield { data };
    if (Number(data) % 4 === 0) await new Promise((go) => setTimeout(go, 1));
  }
}
