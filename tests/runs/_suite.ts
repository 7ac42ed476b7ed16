// Copyright 2026 the Tidings authors. MIT license.

/**
 * What holds for runs on every engine. Each test has two `EventRuns` on the same logs, as
 * two processes have.
 */

import { assert, assertEquals } from "@std/assert";
import { EventRuns, type EventRunsOptions } from "../../runs/mod.ts";
import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
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
export function testRuns(
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

  testStart(test);
  testServe(test);
  testStop(test);
  testLoss(test);
  testExpiry(test);
}

function testStart(test: DeclareTest): void {
  test("start() runs the source once, wherever it is called", async ({ here, there }) => {
    const faucets = numbers(20).map(() => new Faucet());
    const started = await Promise.all(
      faucets.map((faucet, index) =>
        (index % 2 === 0 ? here : there).start("a", faucet.open)
      ),
    );
    assertEquals(started.filter((isStarted) => isStarted).length, 1);
    const index = started.indexOf(true);
    await until(() => faucets[index]!.calls === 1);
    assertEquals(
      faucets.map(({ calls }) => calls),
      started.map((isStarted) => isStarted ? 1 : 0),
    );
    assertEquals(faucets[index]!.run?.id, "a");
  });

  test("start() does not start a run that has ended", async ({ here, there }) => {
    await here.start("a", () => [{ data: "first" }]);
    await here.ended("a");
    const second = new Faucet();
    assertEquals(await there.start("a", second.open), false);
    assertEquals(second.calls, 0);
  });

  test("start() adds a new run to an old one if it is told to", async ({ here, there }) => {
    await here.start("a", () => [{ data: "first" }]);
    await here.ended("a");
    await using reader = await readRun(there, "a");
    await within("the reader is told", reader.end());
    const restart = "after";
    const started = await there.start("a", () => [{ data: "second" }], {
      restart,
    });
    assertEquals(started, true);
    await here.ended("a");
    const rest = await readToEnd(here, "a", reader.inbox.lastEventId);
    assertEquals(rest, ["message: second", "end: done"]);
  });

  test("start() replaces an old run by a new one if it is told to", async ({ here, there }) => {
    await here.start("a", () => [{ data: "first" }]);
    await here.ended("a");
    const restart = "replace";
    await there.start("a", () => [{ data: "second" }], { restart });
    const all = await readToEnd(here, "a");
    assertEquals(all, ["message: second", "end: done"]);
  });

  test("start() starts no second run after one that goes on", async ({ here, there }) => {
    const faucet = new Faucet();
    await here.start("a", faucet.open);
    for (const runs of [here, there]) {
      const restart = "after";
      assertEquals(await runs.start("a", faucet.open, { restart }), false);
    }
    assertEquals(faucet.calls, 1);
  });
}

function testServe(test: DeclareTest): void {
  test("serve() gives any number of readers all, live and to the end", async ({ here, there }) => {
    const faucet = new Faucet();
    await here.start("a", faucet.open);
    await using first = await readRun(there, "a");
    faucet.give("1", "2");
    await first.inbox.untilEvents(2);
    await using second = await readRun(there, "a");
    await using third = await readRun(here, "a");
    await second.inbox.untilEvents(2);
    await third.inbox.untilEvents(2);
    faucet.give("3");
    faucet.end();
    for (const reader of [first, second, third]) {
      await within("the reader is told", reader.end());
      assertEquals(reader.inbox.data, ["1", "2", "3", "done"]);
    }
  });

  test("serve() goes on where a reader was, through another process", async ({ here, there }) => {
    const faucet = new Faucet();
    await here.start("a", faucet.open);
    const received: string[] = [];
    let lastEventId: string | undefined;
    for (const [index, runs] of [here, there, here, there].entries()) {
      faucet.give(...numbers(1000).slice(index * 250, (index + 1) * 250));
      await using reader = await readRun(runs, "a", lastEventId);
      if (index === 3) faucet.end();
      if (index < 3) await reader.inbox.untilEvents(index + 1);
      else await within("the reader is told", reader.end());
      received.push(...reader.inbox.data);
      lastEventId = reader.inbox.lastEventId;
    }
    assertEquals(received, [...numbers(1000), "done"]);
    const response = await here.serve("a", runRequest(lastEventId));
    assertEquals(response.status, 204);
  });

  test("serve() gives what is left after the end, and then 204", async ({ here, there }) => {
    await here.start("a", () => [{ data: "1" }, { data: "2" }]);
    await here.ended("a");
    await using reader = await readRun(there, "a");
    await within("the reader is told", reader.end());
    const [one, two, end] = reader.inbox.events.map((event) =>
      event.lastEventId
    );
    const left = await readToEnd(there, "a", one);
    assertEquals(left, ["message: 2", "end: done"]);
    assertEquals(await readToEnd(here, "a", two), ["end: done"]);
    const response = await there.serve("a", runRequest(end));
    assertEquals(response.status, 204);
  });

  test(
    "serve() knows the end also where readers are told by no event",
    async ({ here, there }) => {
      await here.start("a", () => [{ data: "1" }]);
      await here.ended("a");
      await using reader = await readRun(there, "a");
      await within("the reader is told", reader.end());
      assertEquals(reader.inbox.data, ["1"]);
      const id = reader.inbox.events[0]!.lastEventId;
      assertEquals((await there.serve("a", runRequest(id))).status, 204);
    },
    { endEvent: () => undefined },
  );

  test("serve() goes on by the table of cursors, whatever ID a reader brings", async ({ here, there, waitsForHolder = false }) => {
    const faucet = new Faucet();
    await here.start("a", faucet.open);
    faucet.give("first", "second");
    await using first = await readRun(there, "a");
    await first.inbox.untilEvents(2);
    const late = afterSequence(first.inbox.lastEventId);
    await using foreign = await readRun(there, "a", "from-elsewhere");
    // The run has no reader there yet: the answer waits for what the log says.
    await using after = await readRun(here, "a", late);
    await foreign.inbox.untilEvents(3);
    if (!waitsForHolder) await after.inbox.untilEvents(1);
    faucet.give("third");
    faucet.end();
    await Promise.all([foreign.end(), after.end()]);
    const gap = (lastEventId: string): string =>
      JSON.stringify({ lastEventId });
    const whole = [gap("from-elsewhere"), "first", "second", "third"];
    assertEquals(foreign.inbox.data.slice(0, 4), whole);
    const rest = waitsForHolder ? ["third"] : [gap(late), "third"];
    assertEquals(after.inbox.data.slice(0, rest.length), rest);
    const again = await readToEnd(there, "a", "from-elsewhere");
    assertEquals(again[0], `gap: ${gap("from-elsewhere")}`);
    assertEquals(again.slice(1, 4), whole.slice(1).map((d) => `message: ${d}`));
    // Nothing will come after the end, also where that is not the end that it knew.
    const end = afterSequence(after.inbox.lastEventId);
    const response = await there.serve("a", runRequest(end));
    assertEquals(response.status, 204);
  });

  test("serve() answers 404 if there is no such run, and leaves no trace", async ({ here, countEntries }) => {
    const before = await countEntries();
    assertEquals((await here.serve("a", runRequest())).status, 404);
    assertEquals((await here.serve("a", runRequest("x"))).status, 404);
    assertEquals(await here.status("a"), undefined);
    assertEquals(await here.stop("a"), false);
    assertEquals(await here.ended("a"), undefined);
    assertEquals(await countEntries(), before);
  });

  test("serve() gives a large run to a slow reader, once and in order", async ({ here, there }) => {
    const data = numbers(3000).map((number) => number.padEnd(200, "."));
    await here.start("a", () => data.map((data) => ({ data })));
    await here.ended("a");
    await using reader = await readRun(there, "a");
    await within("the reader is told", reader.end());
    assertEquals(reader.inbox.data, [...data, "done"]);
  });
}

function testStop(test: DeclareTest): void {
  test("stop() aborts the source wherever it runs, within a second", async ({ here, there }) => {
    const faucet = new Faucet();
    await here.start("a", faucet.open);
    faucet.give("1");
    await using reader = await readRun(there, "a");
    await reader.inbox.untilEvents(1);
    const begin = performance.now();
    assertEquals(await there.stop("a"), true);
    await until(() => faucet.run!.signal.aborted);
    assert(performance.now() - begin < 1000);
    await until(() => faucet.isCancelled);
    await within("the reader is told", reader.end());
    assertEquals(reader.inbox.data, ["1", "stopped"]);
    assertEquals(await there.status("a"), "stopped");
    assertEquals(await there.stop("a"), false);
    const all = await readToEnd(here, "a");
    assertEquals(all, ["message: 1", "end: stopped"]);
  });

  test("stop() does not wait for a source that ignores it", async ({ here, there }) => {
    await here.start("a", () => new Promise(() => {}));
    const waiting = there.ended("a");
    await there.stop("a");
    assertEquals(await waiting, "stopped");
    await until(() => here.size === 0);
  });
}

function testLoss(test: DeclareTest): void {
  const options = { leaseTime: 300 };

  test(
    "tells readers once that the process that produced the run is gone",
    async ({ here, there, logs }) => {
      await abandon(logs, "a");
      await using first = await readRun(here, "a");
      await using second = await readRun(there, "a");
      await Promise.all([first.end(), second.end()]);
      for (const { inbox } of [first, second]) {
        assertEquals(inbox.data, ["1", "lost"]);
      }
      assertEquals(await here.status("a"), "lost");
      const all = await readToEnd(there, "a");
      assertEquals(all, ["message: 1", "end: lost"]);
    },
    options,
  );

  test(
    "tells a reader that has all else that the process that produced the run is gone",
    async ({ here, there, logs }) => {
      await abandon(logs, "a");
      await until(async () => !(await logs.inspect("a")).isClaimed);
      const { last } = await logs.inspect("a");
      // The first to notice: it is the one that writes the end.
      assertEquals(await readToEnd(here, "a", last!.id), ["end: lost"]);
      assertEquals(await readToEnd(there, "a", last!.id), ["end: lost"]);
    },
    options,
  );

  test(
    "ended() tells that the process that produced the run is gone",
    async ({ here, there, logs }) => {
      await abandon(logs, "a");
      const ends = await Promise.all([here.ended("a"), there.ended("a")]);
      assertEquals(ends, ["lost", "lost"]);
    },
    options,
  );

  test(
    "starts a run that is lost only if it is told to",
    async ({ here, there, logs }) => {
      await abandon(logs, "a");
      await here.ended("a");
      const source = () => [{ data: "2" }];
      assertEquals(await there.start("a", source), false);
      const restart = "after";
      assertEquals(await there.start("a", source, { restart }), true);
      await there.ended("a");
      const log = logs.open("a");
      const { events } = await log.read(await log.rewind(Infinity));
      const data = events.flatMap(({ data }) => data ?? []);
      assertEquals(data, ["1", "lost", "2", "done"]);
    },
    options,
  );

  test(
    "keeps a run that is silent for longer than its lease",
    async ({ here, there }) => {
      const faucet = new Faucet();
      await here.start("a", faucet.open);
      await using reader = await readRun(there, "a");
      await new Promise((resolve) => setTimeout(resolve, 700));
      faucet.give("1");
      faucet.end();
      await within("the reader is told", reader.end());
      assertEquals(reader.inbox.data, ["1", "done"]);
    },
    options,
  );

  test("close() waits for the end of a run that is being started", async ({ here, there }) => {
    const faucet = new Faucet();
    const started = here.start("run", faucet.open);
    await within("the close", here.close());
    assertEquals(await there.status("run"), "lost");
    assertEquals(await started, true);
  });

  test("close() ends the runs of its process as lost", async ({ here, there }) => {
    const faucet = new Faucet();
    await here.start("a", faucet.open);
    faucet.give("1");
    await using reader = await readRun(there, "a");
    await reader.inbox.untilEvents(1);
    await here.close();
    await within("the reader is told", reader.end());
    assertEquals(reader.inbox.data, ["1", "lost"]);
    assertEquals(faucet.isCancelled, true);
  });
}

function testExpiry(test: DeclareTest): void {
  test(
    "leaves nothing of a run some time after its end",
    async ({ here, there, countEntries }) => {
      const before = await countEntries();
      await here.start("a", () => [{ data: "1" }]);
      await here.ended("a");
      assertEquals((await there.serve("a", runRequest())).status, 200);
      await until(async () => await countEntries() === before);
      assertEquals(await there.status("a"), undefined);
      assertEquals((await there.serve("a", runRequest())).status, 404);
      // The ID is free again.
      assertEquals(await there.start("a", () => [{ data: "2" }]), true);
      await there.ended("a");
    },
    { keepFor: 300 },
  );

  test(
    "tells a reader and ended() that a run of which nothing is left is lost",
    async ({ here, there, logs }) => {
      const faucet = new Faucet();
      await here.start("a", faucet.open);
      await using reader = await readRun(there, "a");
      const waiting = there.ended("a");
      faucet.give("1");
      await reader.inbox.untilEvents(1);
      await logs.expire("a", 1);
      await within("the reader is told", reader.end());
      assertEquals(await waiting, "lost");
      assertEquals(reader.inbox.data, ["1", "lost"]);
      const request = runRequest(reader.inbox.lastEventId);
      assertEquals((await there.serve("a", request)).status, 404);
    },
    { leaseTime: 300 },
  );

  test("leaves nothing of a run after its process is gone, even without a look-up", async ({ logs, countEntries }) => {
    const before = await countEntries();
    await abandon(logs, "a", { maxRunTime: 200, keepFor: 100 });
    await until(async () => await countEntries() === before);
  });
}

/** Leaves a run as a process that is killed leaves it. */
async function abandon(
  logs: EventLogsFixture["logs"],
  id: string,
  options: EventRunsOptions = {},
): Promise<void> {
  const gone = new EventRuns({
    logs: withClaims(logs, (claim) => ({
      // All but the end, which would come with the closing below. After a TimeoutError, that
      // is not tried again.
      append: (event) =>
        event.comment?.includes("ended")
          ? Promise.reject(new DOMException("It is gone", "TimeoutError"))
          : claim.append(event),
      release: () => Promise.resolve(),
    })),
    leaseTime: 300,
    ...options,
  });
  const faucet = new Faucet();
  await gone.start(id, faucet.open);
  faucet.give("1");
  await until(async () => (await logs.inspect(id)).last?.data === "1");
  await gone.close();
}
