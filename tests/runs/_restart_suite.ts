// Copyright 2026 the Tidings authors. MIT license.

/**
 * What holds on every engine where a run is started again: in the place of another one,
 * or after its end. Each test has two `EventRuns` on the same logs, as two processes have.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { EventLog, EventLogs } from "../../log.ts";
import { EventLogClaimError } from "../../log.ts";
import {
  type EventRun,
  EventRuns,
  type EventRunsOptions,
} from "../../runs/mod.ts";
import { numbers } from "../conformance/event_log_readers.ts";
import type { EventLogsFixture } from "../conformance/event_logs_suite.ts";
import { within } from "../support/within.ts";
import {
  Faucet,
  readRun,
  readToEnd,
  runRequest,
  until,
  withClaims,
} from "./_fixture.ts";

/** The runs of two processes. */
interface Fixture extends EventLogsFixture {
  here: EventRuns;
  there: EventRuns;
}

type DeclareTest = (
  behaviour: string,
  fn: (fixture: Fixture) => Promise<void>,
  options?: EventRunsOptions,
) => void;

/** Declares the tests with one engine. Each of them asks for an empty one. */
export function testRestarts(
  name: string,
  makeLogs: () => Promise<EventLogsFixture> | EventLogsFixture,
  { ignore = false }: { ignore?: boolean } = {},
): void {
  function test(
    behaviour: string,
    fn: (fixture: Fixture) => Promise<void>,
    options: EventRunsOptions = {},
  ): void {
    Deno.test(`EventRuns, ${name}: ${behaviour}`, { ignore }, async () => {
      const fixture = await makeLogs();
      try {
        await using here = new EventRuns({ logs: fixture.logs, ...options });
        await using there = new EventRuns({ logs: fixture.other, ...options });
        await fn({ ...fixture, here, there });
      } finally {
        await fixture.close?.();
      }
    });
  }

  testReplaced(test);
  testReaders(test);
  testAfter(test);
}

const replace = { restart: "replace" } as const;
const after = { restart: "after" } as const;
const NEW = ["message: new", "end: done"];
const giveNew = () => [{ data: "new" }];

/** How the run before is when it is replaced, by the process that is given last. */
const SITUATIONS: Record<
  string,
  (fixture: Fixture, faucet: Faucet, runs: EventRuns) => Promise<void> | void
> = {
  "goes on": () => {},
  "was told to stop a moment ago": async ({ there }) => {
    assertEquals(await there.stop("a"), true);
  },
  "is stopped at the same time": (_fixture, _faucet, runs) => {
    // Of calls in two processes, either may be the first.
    runs.stop("a").catch(() => {});
  },
  "has ended": async ({ there }, faucet) => {
    faucet.end();
    await there.ended("a");
  },
  "has failed": async ({ there }, faucet) => {
    faucet.fail(new Error("It is me"));
    await there.ended("a");
  },
  "was lost": async ({ here, there }) => {
    await here.close();
    assertEquals(await there.status("a"), "lost");
  },
  "has expired": async ({ logs }) => {
    await logs.expire("a", 1);
    await until(async () => (await logs.inspect("a")).last === undefined);
  },
};

/** Milliseconds. The holder of a run that has expired notices it when it renews its claim. */
const LEASE_TIMES: Record<string, number> = { "has expired": 1000 };

/** The situations in which the source is over by itself. */
const OVER = ["has ended", "has failed"];

function testReplaced(test: DeclareTest): void {
  for (const [situation, bring] of Object.entries(SITUATIONS)) {
    for (const place of ["here", "there"] as const) {
      if (situation === "was lost" && place === "here") continue;
      test(
        `start() in the ${
          place === "here" ? "same" : "other"
        } process replaces a run that ${situation}`,
        async (fixture) => {
          const { here, logs } = fixture;
          const faucet = new Faucet();
          await here.start("a", faucet.open);
          faucet.give("old");
          await until(async () =>
            (await logs.inspect("a")).last?.data === "old"
          );
          const runs = fixture[place];
          await bring(fixture, faucet, runs);
          assertEquals(await runs.start("a", giveNew, replace), true);
          assertEquals(await readToEnd(runs, "a"), NEW);
          assertEquals(await fixture.there.status("a"), "done");
          if (!OVER.includes(situation)) {
            await until(() => faucet.run!.signal.aborted);
          }
          await until(() => here.size === 0);
          const log = logs.open("a");
          const { events } = await log.read(await log.rewind(Infinity));
          assertEquals(events.flatMap(({ data }) => data ?? []), [
            "new",
            "done",
          ]);
        },
        { leaseTime: LEASE_TIMES[situation] },
      );
    }
  }

  for (const situation of ["is dead", "hangs"]) {
    test(
      `start() waits for no lease to replace a run whose process ${situation}`,
      async ({ logs, there }) => {
        const faucet = new Faucet();
        let awake = (): void => {};
        const gate = new Promise<void>((resolve) => awake = resolve);
        const isDead = situation === "is dead";
        // It is not told by the log, and it does not look.
        const deaf: EventLogs = {
          ...withClaims(logs, (claim) => ({
            renew: async () => {
              await gate;
              return !isDead && await claim.renew();
            },
          })),
          open: (name, options) => ({
            ...asPlain(logs.open(name, options)),
            follow: (_, { signal } = {}) =>
              new Promise((_, reject) =>
                signal?.addEventListener("abort", () => reject(signal.reason))
              ),
          }),
        };
        const holder = new EventRuns({ logs: deaf, leaseTime: 600_000 });
        await holder.start("a", faucet.open);
        faucet.give("old");
        await until(async () => (await logs.inspect("a")).last?.data === "old");
        const reader = await readRun(there, "a");
        await reader.inbox.untilEvents(1);
        assertEquals(await there.start("a", giveNew, replace), true);
        assertEquals(await readToEnd(there, "a"), NEW);
        await within("the reader is told", reader.end());
        assertEquals(reader.inbox.data, ["old", "replaced"]);
        // It awakes, and writes nothing.
        awake();
        faucet.give("too late");
        await until(() => faucet.run!.signal.aborted);
        await until(() => holder.size === 0);
        assertEquals(await readToEnd(there, "a"), NEW);
        await reader[Symbol.asyncDispose]();
      },
      { leaseTime: 600_000 },
    );
  }

  test(
    "start() aborts the source that it replaces within a second, although that is silent",
    async ({ here, there }) => {
      for (const runs of [here, there]) {
        const id = runs === here ? "a" : "b";
        let run: EventRun | undefined;
        await here.start(id, (given) => {
          run = given;
          return new Promise(() => {});
        });
        await until(() => run !== undefined);
        const begin = performance.now();
        assertEquals(await runs.start(id, giveNew, replace), true);
        await until(() => run!.signal.aborted);
        assert(performance.now() - begin < 1000);
        assertEquals(
          String(run!.signal.reason),
          "AbortError: Cannot continue source: another run has taken the place of this one",
        );
      }
    },
    { leaseTime: 600_000 },
  );

  test("start() replaces a run once where many calls come at once", async ({ here, there }) => {
    for (const isRunning of [true, false]) {
      const id = `${isRunning}`;
      const faucet = new Faucet();
      await here.start(id, faucet.open);
      if (!isRunning) {
        faucet.end();
        await here.ended(id);
      }
      const calls: string[] = [];
      const started = await Promise.all(
        numbers(20).map((number, index) =>
          (index % 2 === 0 ? here : there).start(id, () => {
            calls.push(number);
            return [{ data: number }];
          }, replace)
        ),
      );
      const winners = numbers(20).filter((_, index) => started[index]);
      assertEquals(winners.length, 1);
      const all = await readToEnd(there, id);
      assertEquals(all, [`message: ${winners[0]}`, "end: done"]);
      assertEquals(calls, winners);
    }
  });

  test("start() replaces a run that has replaced another one, again and again", async ({ here, there }) => {
    const faucets = numbers(6).map(() => new Faucet());
    const readers = [];
    for (const [index, faucet] of faucets.entries()) {
      const runs = index % 2 === 0 ? here : there;
      assertEquals(await runs.start("a", faucet.open, replace), true);
      faucet.give(`${index}`);
      readers.push(await readRun(here, "a"), await readRun(there, "a"));
      for (const reader of readers.slice(-2)) {
        await reader.inbox.untilEvents(1);
      }
    }
    faucets.at(-1)!.end();
    for (const [index, reader] of readers.entries()) {
      await within("the reader is told", reader.end());
      const end = index < readers.length - 2 ? "replaced" : "done";
      assertEquals(reader.inbox.data, [`${Math.floor(index / 2)}`, end]);
      await reader[Symbol.asyncDispose]();
    }
    await until(() => here.size + there.size === 0);
  });

  test("an end that a replaced run writes late changes nothing of the run after it", async ({ logs, there, countEntries }) => {
    const before = await countEntries();
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => go = resolve);
    let isAtEnd = false;
    const slow = new EventRuns({
      logs: {
        ...withClaims(logs, () => ({})),
        expire: async (name, delay, options) => {
          isAtEnd = true;
          await gate;
          await logs.expire(name, delay, options);
        },
      },
      keepFor: 1,
    });
    const old = new Faucet();
    await slow.start("a", old.open);
    old.end();
    await until(() => isAtEnd);
    const faucet = new Faucet();
    assertEquals(await there.start("a", faucet.open, replace), true);
    go();
    await until(() => slow.size === 0);
    await slow.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(await there.status("a"), "running");
    faucet.give("new");
    faucet.end();
    assertEquals(await readToEnd(there, "a"), NEW);
    assert(await countEntries() > before);
  });

  test("append() under the claim of a replaced run is refused", async ({ logs, there }) => {
    const claim = await logs.claim("a", { leaseTime: 60_000 });
    await claim!.append({ data: "old" });
    assertEquals(await there.start("a", giveNew, replace), true);
    await assertRejects(
      () => claim!.append({ data: "too late" }),
      EventLogClaimError,
    );
    assertEquals(await readToEnd(there, "a"), NEW);
  });

  test("stop() and then start() begins anew, with nothing waited for in between", async ({ here, there }) => {
    for (const restart of ["replace", "after"] as const) {
      for (const runs of [here, there]) {
        const id = `${restart} ${runs === here}`;
        const faucet = new Faucet();
        await here.start(id, faucet.open);
        faucet.give("old");
        assertEquals(await runs.stop(id), true);
        const isStarted = await runs.start(id, giveNew, { restart });
        assertEquals([id, isStarted], [id, true]);
        assertEquals(await runs.ended(id), "done");
        const all = await readToEnd(there, id);
        if (restart === "replace") assertEquals(all, NEW);
        else assertEquals(all.slice(-3), ["end: stopped", ...NEW]);
      }
    }
  });

  test("stop() stops the run before one that is started after the call, however slow its look-up is", async ({ here, logs }) => {
    const claimed = Promise.withResolvers<void>();
    let slowLookUps = 2;
    const slow: EventLogs = {
      ...withClaims(logs, () => ({})),
      claim: async (name, options) => {
        const claim = await logs.claim(name, options);
        claimed.resolve();
        return claim;
      },
      inspect: async (name) => {
        if (slowLookUps-- > 0) {
          const late = new Promise((go) => setTimeout(go, 100));
          await Promise.race([claimed.promise, late]);
        }
        return await logs.inspect(name);
      },
    };
    await using runs = new EventRuns({ logs: slow });
    for (const id of ["a", "b"]) await here.start(id, new Faucet().open);
    const ids = ["a", "b"];
    const stopped = ids.map((id) => runs.stop(id));
    const started = ids.map((id) => runs.start(id, giveNew, replace));
    assertEquals(await Promise.all(started), [true, true]);
    assertEquals(await Promise.all(stopped), [true, true]);
    for (const id of ids) assertEquals(await readToEnd(runs, id), NEW);
  });

  test("stop() stops the run that it has found, and not the one after it", async ({ here, there }) => {
    await here.start("a", new Faucet().open);
    const faucet = new Faucet();
    const [isStopped, isStarted] = await Promise.all([
      there.stop("a"),
      there.start("a", faucet.open, replace),
    ]);
    assertEquals([isStopped, isStarted], [true, true]);
    await until(() => here.size === 0);
    faucet.give("new");
    faucet.end();
    assertEquals(await readToEnd(there, "a"), NEW);
  });
}

function testReaders(test: DeclareTest): void {
  test("readers of a run that is replaced are told so, and get nothing of the next one", async ({ here, there }) => {
    const old = new Faucet();
    await here.start("a", old.open);
    old.give("1", "2");
    const readers = [];
    for (const runs of [here, there, here, there]) {
      readers.push(await readRun(runs, "a"));
    }
    for (const reader of readers) await reader.inbox.untilEvents(2);
    const lastEventId = readers[0]!.inbox.events[0]!.lastEventId;
    for (const runs of [here, there]) {
      const reader = await readRun(runs, "a", lastEventId);
      await reader.inbox.untilEvents(1);
      readers.push(reader);
    }
    const next = new Faucet();
    assertEquals(await there.start("a", next.open, replace), true);
    // Those that come now get the new run only, in whichever process.
    const late = [await readRun(here, "a"), await readRun(there, "a")];
    next.give("new");
    for (const [index, reader] of readers.entries()) {
      await within("the reader is told", reader.end());
      const data = index < 4 ? ["1", "2", "replaced"] : ["2", "replaced"];
      assertEquals(reader.inbox.data, data);
      await reader[Symbol.asyncDispose]();
    }
    next.end();
    for (const reader of late) {
      await within("the reader is told", reader.end());
      assertEquals(reader.inbox.data, ["new", "done"]);
      await reader[Symbol.asyncDispose]();
    }
  });

  test("ended() says so of a run that is replaced, also before its log is followed", async ({ here, there, logs, other }) => {
    await here.start("a", new Faucet().open);
    const [early, late] = [withHeldFollow(logs), withHeldFollow(other)];
    await using first = new EventRuns({ logs: early.logs });
    await using second = new EventRuns({ logs: late.logs });
    const ends = [first.ended("a"), second.ended("a")];
    for (const { called } of [early, late]) await within("a follow", called);
    early.release();
    assertEquals(await there.start("a", giveNew, replace), true);
    assertEquals(await there.ended("a"), "done");
    late.release();
    assertEquals(await Promise.all(ends), ["replaced", "replaced"]);
  });

  test("a reader with a cursor of the run before is told of a gap, and gets all of the next one", async ({ here, there }) => {
    const faucet = new Faucet();
    await here.start("a", faucet.open);
    faucet.give("1", "2");
    await using reader = await readRun(there, "a");
    await reader.inbox.untilEvents(2);
    const [first, second] = reader.inbox.events.map((e) => e.lastEventId);
    await there.start("a", giveNew, replace);
    await within("the reader is told", reader.end());
    await there.ended("a");
    const told = reader.inbox.lastEventId;
    for (const runs of [here, there]) {
      for (const lastEventId of [first!, second!, told]) {
        assertEquals(await readToEnd(runs, "a", lastEventId), [
          `gap: ${JSON.stringify({ lastEventId })}`,
          ...NEW,
        ]);
      }
    }
  });

  test("a reader that is behind gets no mixture of a run and the next one", async ({ here, there }) => {
    const data = numbers(2000).map((number) => `old ${number.padEnd(200)}`);
    await here.start("a", () => data.map((data) => ({ data })));
    await here.ended("a");
    const readings: (() => Promise<string>)[] = [];
    for (const runs of [here, there, here, there]) {
      const response = await runs.serve("a", runRequest());
      const reader = response.body!.getReader();
      const chunks: Uint8Array[] = [];
      const readOn = async (most: number): Promise<string> => {
        for (let i = 0; i < most; i++) {
          const { done, value } = await reader.read();
          if (done) break;
          chunks.push(value);
        }
        return await new Blob(chunks as BlobPart[]).text();
      };
      // Two of them have begun to read.
      if (readings.length < 2) await readOn(1);
      readings.push(() => readOn(Infinity));
    }
    await there.start("a", giveNew, replace);
    await there.ended("a");
    for (const read of readings) {
      const text = await within("the response ends", read());
      assert(!text.includes("data: new"), "It has old and new events");
      assert(/data: (replaced|done)\nid: \S+\n\n$/.test(text));
    }
  });

  test("a reader that comes after a run was replaced gets the next one, although others have not noticed", async ({ here, logs }) => {
    // What it follows tells it nothing.
    await using runs = new EventRuns({
      logs: withOpen(logs, (log) => ({
        follow: async (onBatch, { signal } = {}) => {
          onBatch({ events: [], cursor: await log.rewind(0), gap: false });
          signal?.throwIfAborted();
          return await new Promise((_, reject) =>
            signal?.addEventListener("abort", () => reject(signal.reason))
          );
        },
      })),
    });
    await here.start("a", new Faucet().open);
    await using first = await readRun(runs, "a");
    await until(async () => (await logs.inspect("a")).last !== undefined);
    await here.start("a", giveNew, replace);
    await here.ended("a");
    assertEquals(await readToEnd(runs, "a"), NEW);
    assertEquals(first.inbox.data, []);
  });

  test(
    "endEvent makes the event of a run that is replaced",
    async ({ here, there }) => {
      const faucet = new Faucet();
      await here.start("a", faucet.open);
      faucet.give("old");
      await using reader = await readRun(there, "a");
      await reader.inbox.untilEvents(1);
      await there.start("a", giveNew, replace);
      await within("the reader is told", reader.end());
      assertEquals(reader.inbox.data, ["old", "it is replaced"]);
    },
    { endEvent: (end) => ({ event: "over", data: `it is ${end}` }) },
  );
}

function testAfter(test: DeclareTest): void {
  const PARTS = [
    "message: first",
    "end: done",
    "message: second",
    "end: done",
    "message: third",
    "end: done",
  ];

  async function run(runs: EventRuns, data: string): Promise<void> {
    assertEquals(await runs.start("a", () => [{ data }], after), true);
    await runs.ended("a");
  }

  test("a late reader gets all parts of a run in one response", async ({ here, there }) => {
    await run(here, "first");
    await run(there, "second");
    assertEquals(await readToEnd(here, "a"), PARTS.slice(0, 4));
    await run(here, "third");
    for (const runs of [here, there]) {
      await using reader = await readRun(runs, "a");
      await within("the reader is told", reader.end());
      const { events } = reader.inbox;
      assertEquals(events.map((e) => `${e.event}: ${e.data}`), PARTS);
      const ids = events.map(({ lastEventId }) => lastEventId);
      for (const [index, id] of ids.slice(0, -1).entries()) {
        assertEquals(await readToEnd(runs, "a", id), PARTS.slice(index + 1));
      }
      const response = await runs.serve("a", runRequest(ids.at(-1)));
      assertEquals(response.status, 204);
    }
  });

  test("a late reader gets the parts of a run that goes on, and what comes", async ({ here, there }) => {
    await run(here, "first");
    const faucet = new Faucet();
    await here.start("a", faucet.open, after);
    assertEquals(await there.status("a"), "running");
    const readers = [await readRun(here, "a"), await readRun(there, "a")];
    for (const reader of readers) await reader.inbox.untilEvents(2);
    faucet.give("second");
    faucet.end();
    for (const reader of readers) {
      await within("the reader is told", reader.end());
      assertEquals(reader.inbox.data, ["first", "done", "second", "done"]);
      await reader[Symbol.asyncDispose]();
    }
  });

  test("a reader that is live at the end of a part is told it, and goes on with the next", async ({ here, there }) => {
    const faucet = new Faucet();
    await here.start("a", faucet.open);
    for (const runs of [here, there]) {
      await using reader = await readRun(runs, "a");
      faucet.give("first");
      await reader.inbox.untilEvents(1);
    }
    const readers = [await readRun(here, "a"), await readRun(there, "a")];
    faucet.end();
    for (const reader of readers) {
      await within("the reader is told", reader.end());
    }
    await run(there, "second");
    for (const [index, reader] of readers.entries()) {
      const data = reader.inbox.data;
      assertEquals(data, ["first", "first", "done"]);
      const runs = index === 0 ? here : there;
      const rest = await readToEnd(runs, "a", reader.inbox.lastEventId);
      assertEquals(rest, PARTS.slice(2, 4));
      await reader[Symbol.asyncDispose]();
    }
  });

  test("a reader that is still behind when the next part begins reads on into it", async ({ here, there }) => {
    const data = numbers(2000).map((number) => number.padEnd(200));
    await here.start("a", () => data.map((data) => ({ data })));
    await here.ended("a");
    const responses = [];
    for (const runs of [here, there]) {
      responses.push(await runs.serve("a", runRequest()));
    }
    await run(there, "second");
    for (const response of responses) {
      const text = await within("the response ends", response.text());
      assertEquals(text.match(/^data: done$/gm)?.length, 2);
      assert(text.includes("data: second"));
    }
    assertEquals((await readToEnd(here, "a")).length, 2000 + 3);
  });

  test("a late reader gets all parts of a run also where the log gives events one by one", async ({ here, there, logs }) => {
    await run(here, "first");
    await run(there, "second");
    await using runs = new EventRuns({
      logs: withOpen(logs, (log) => ({
        read: (cursor, options) => log.read(cursor, { ...options, limit: 1 }),
      })),
    });
    assertEquals(await readToEnd(runs, "a"), PARTS.slice(0, 4));
  });

  test("HEAD is answered as GET is, whatever part a run is in", async ({ here, there }) => {
    const statuses = async (lastEventId?: string) =>
      await Promise.all(
        [here, there].flatMap((runs) =>
          ["GET", "HEAD"].map(async (method) => {
            const request = runRequest(lastEventId, method);
            const response = await runs.serve("a", request);
            await response.body?.cancel();
            return response.status;
          })
        ),
      );
    assertEquals(await statuses(), [404, 404, 404, 404]);
    await run(here, "first");
    assertEquals(await statuses(), [200, 200, 200, 200]);
    await using reader = await readRun(there, "a");
    await within("the reader is told", reader.end());
    const end = reader.inbox.lastEventId;
    assertEquals(await statuses(end), [204, 204, 204, 204]);
    const faucet = new Faucet();
    await here.start("a", faucet.open, after);
    assertEquals(await statuses(end), [200, 200, 200, 200]);
    assertEquals(await there.status("a"), "running");
    faucet.end();
    assertEquals(await there.ended("a"), "done");
    await here.close();
    const response = await here.serve("a", runRequest(undefined, "HEAD"));
    assertEquals(response.status, 503);
  });
}

/** The same logs, which are followed only once that is released. */
function withHeldFollow(
  logs: EventLogs,
): { logs: EventLogs; called: Promise<void>; release: () => void } {
  const called = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  return {
    logs: withOpen(logs, (log) => ({
      follow: async (onBatch, options) => {
        called.resolve();
        await released.promise;
        return await log.follow(onBatch, options);
      },
    })),
    called: called.promise,
    release: released.resolve,
  };
}

/** The same logs, with members that the test changes in those that are opened. */
function withOpen(
  logs: EventLogs,
  change: (log: EventLog) => Partial<EventLog>,
): EventLogs {
  return {
    ...withClaims(logs, () => ({})),
    open: (name, options) => {
      const log = logs.open(name, options);
      const { compare } = log;
      return {
        ...asPlain(log),
        ...compare && { compare: compare.bind(log) },
        ...change(log),
      };
    },
  };
}

/** The methods of a log as members of its own. */
function asPlain(log: EventLog): EventLog {
  return {
    append: (event, options) => log.append(event, options),
    read: (cursor, options) => log.read(cursor, options),
    rewind: (count, options) => log.rewind(count, options),
    follow: (onBatch, options) => log.follow(onBatch, options),
  };
}
