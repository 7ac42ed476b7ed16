// Copyright 2026 the Tidings authors. MIT license.

/** What holds for runs with IDs that look like parts of keys or names of other runs' logs. */

import { assertEquals, assertRejects } from "@std/assert";
import { EventRuns } from "../../runs/mod.ts";
import type { EventLogsFixture } from "../conformance/event_logs_suite.ts";
import { HOSTILE_NAMES } from "../support/hostile_names.ts";
import { checkAsyncProperty, type Random } from "../support/random.ts";
import { Faucet, readToEnd, runRequest, until } from "./_fixture.ts";

const PIECES = ["\0", "\0stop", "stop", "a", "{", "}", ":", "/", "%00", " "];

/** IDs that no run can have. */
const IMPOSSIBLE: [id: string, error: typeof TypeError | typeof RangeError][] =
  [
    ["", TypeError],
    ["a\ud800", TypeError],
    ["x".repeat(1025), RangeError],
    ["é".repeat(513), RangeError],
    ["\0".repeat(513), RangeError],
    ["x".repeat(3000), RangeError],
  ];

/** Declares the tests with one engine. */
export function testHostileIds(
  name: string,
  makeLogs: () => Promise<EventLogsFixture> | EventLogsFixture,
  { ignore = false }: { ignore?: boolean } = {},
): void {
  const declare = (
    behaviour: string,
    fn: (runs: EventRuns) => Promise<void>,
  ): void =>
    Deno.test(`EventRuns, ${name}: ${behaviour}`, { ignore }, async () => {
      const { logs, close } = await makeLogs();
      try {
        await using runs = new EventRuns({ logs });
        await fn(runs);
      } finally {
        await close?.();
      }
    });

  declare(
    "no hostile ID reaches another run",
    (runs) =>
      checkAsyncProperty(1, async (random) => {
        const ids = makeIds(random);
        const faucets = new Map<string, Faucet>();
        for (const id of ids) {
          const faucet = new Faucet();
          faucets.set(id, faucet);
          assertEquals(await runs.start(id, faucet.open), true, id);
          faucet.give(id);
        }
        const stopped = ids.filter(() => random.onceIn(3));
        for (const id of stopped) assertEquals(await runs.stop(id), true, id);
        await until(() => runs.size === ids.length - stopped.length);
        for (const id of ids) {
          const isStopped = stopped.includes(id);
          const expected = isStopped ? "stopped" : "running";
          assertEquals(await runs.status(id), expected, id);
          if (!isStopped) faucets.get(id)!.end();
        }
        await until(() => runs.size === 0);
        for (const id of ids) {
          const end = stopped.includes(id) ? "stopped" : "done";
          const [first = "", ...rest] = await readToEnd(runs, id);
          // Line breaks in data become line feeds.
          assertEquals([first, ...rest], [`message: ${id}`, `end: ${end}`]);
        }
      }),
  );

  declare(
    "the run alice\\0stop is not what stops the run alice",
    async (runs) => {
      const faucets = [new Faucet(), new Faucet()] as const;
      await runs.start("alice", faucets[0].open);
      const response = await runs.serve("alice\0stop", runRequest());
      assertEquals(response.status, 404);
      await runs.start("alice\0stop", faucets[1].open);
      faucets[1].give("harmless");
      faucets[1].end();
      assertEquals(await runs.ended("alice\0stop"), "done");
      assertEquals(await runs.status("alice"), "running");
      faucets[0].end();
      assertEquals(await runs.ended("alice"), "done");
    },
  );

  declare(
    "refuses an ID that no run can have, and answers it with 404",
    async (runs) => {
      for (const [id, ErrorClass] of IMPOSSIBLE) {
        await assertRejects(
          () => runs.start(id, () => []),
          ErrorClass,
          "Cannot",
        );
        await assertRejects(() => runs.stop(id), ErrorClass, "Cannot");
        await assertRejects(() => runs.status(id), ErrorClass, "Cannot");
        await assertRejects(() => runs.ended(id), ErrorClass, "Cannot");
        assertEquals((await runs.serve(id, runRequest())).status, 404);
      }
    },
  );
}

function makeIds(random: Random): string[] {
  const drawn = Array.from(
    { length: 40 },
    () => random.text(PIECES, 1 + random.below(5)),
  );
  return [...new Set([...HOSTILE_NAMES, ...drawn])];
}
