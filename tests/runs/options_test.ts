// Copyright 2026 the Tidings authors. MIT license.

/** The options of runs: their checks and their effects. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  EventRuns,
  type EventRunsOptions,
  type EventRunSource,
  type EventRunsServeOptions,
  type EventRunsStartOptions,
} from "../../runs/mod.ts";
import { MemoryEventLogs } from "../../log.ts";
import type { CorsOptions } from "../../server.ts";
import { COMPRESSION, testOptions } from "../support/options_suite.ts";
import { Faucet, readRun, readToEnd, runRequest, until } from "./_fixture.ts";

Deno.test("EventRuns() throws if an option is wrong", () => {
  const wrong: [EventRunsOptions, typeof TypeError][] = [
    [{ leaseTime: 9 }, RangeError],
    [{ leaseTime: 2 ** 31 }, RangeError],
    [{ leaseTime: 10.5 }, RangeError],
    [{ keepFor: 0 }, RangeError],
    [{ keepFor: Infinity }, RangeError],
    [{ maxRunTime: 0 }, RangeError],
    [{ maxSilence: 0 }, RangeError],
    [{ maxSilence: 2 ** 31 }, RangeError],
    [{ maxEvents: 0 }, RangeError],
    [{ maxBytes: 0 }, RangeError],
    [{ maxRuns: 0 }, RangeError],
    [{ keepAlive: -1 }, RangeError],
    [{ retry: 1.5 }, RangeError],
    [{ keepFor: "1" as unknown as number }, TypeError],
  ];
  for (const [options, error] of wrong) {
    assertThrows(() => new EventRuns(options), error);
  }
});

Deno.test("start() rejects if an argument is wrong", async () => {
  await using runs = new EventRuns();
  const source = () => [];
  await assertRejects(() => runs.start("", source), TypeError);
  await assertRejects(
    () => runs.start("a", [] as unknown as EventRunSource),
    TypeError,
    'Cannot start run: expected "source" to be a function, got an array',
  );
  await assertRejects(
    () => runs.start("a", source, { restart: "again" as "after" }),
    TypeError,
    'Cannot start run: expected "restart" to be "after" or "replace", got "again"',
  );
  assertEquals(runs.size, 0);
});

Deno.test("start() rejects beyond maxRuns, until a run has ended", async () => {
  await using runs = new EventRuns({ maxRuns: 2 });
  const faucets = [new Faucet(), new Faucet(), new Faucet()];
  const starts = await Promise.allSettled(
    faucets.map((faucet, index) => runs.start(`${index}`, faucet.open)),
  );
  assertEquals(
    starts.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected"],
  );
  const { name, message } = (starts[2] as PromiseRejectedResult).reason;
  assertEquals(name, "QuotaExceededError");
  assertEquals(
    message,
    'Cannot start run: expected fewer than 2 other runs in this process ("maxRuns"), got 2',
  );
  faucets[0]!.end();
  await until(() => runs.size === 1);
  assertEquals(await runs.start("2", faucets[2]!.open), true);
});

Deno.test("start() calls waitUntil with a promise of the end", async () => {
  await using runs = new EventRuns();
  const faucet = new Faucet();
  let ended: Promise<void> | undefined;
  await runs.start("a", faucet.open, { waitUntil: (given) => ended = given });
  faucet.end();
  await ended;
  assertEquals(runs.size, 0);
  assertEquals(await runs.status("a"), "done");
});

Deno.test("endEvent makes the event that readers are told the end with", async () => {
  await using runs = new EventRuns({
    endEvent: (end) => ({ json: { type: "finish", end }, retry: 9 }),
  });
  await runs.start("a", () => [{ data: "1" }]);
  const all = await readToEnd(runs, "a");
  assertEquals(all, ["message: 1", 'message: {"type":"finish","end":"done"}']);
});

for (
  const [name, endEvent] of Object.entries({
    "throws": () => {
      throw new Error("It is me");
    },
    "gives what cannot be sent": () => ({ event: "a\nb", data: "" }),
  })
) {
  Deno.test(`a run ends also where endEvent ${name}`, async () => {
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    await using runs = new EventRuns({ endEvent, onError });
    await runs.start("a", () => [{ data: "1" }]);
    assertEquals(await readToEnd(runs, "a"), ["message: 1"]);
    assertEquals(await runs.status("a"), "done");
    assertEquals(errors.length, 1);
  });
}

Deno.test("serve() serves GET, HEAD and POST, and no other method", async () => {
  await using runs = new EventRuns();
  await runs.start("a", () => [{ data: "1" }]);
  for (
    const [method, status] of [
      ["GET", 200],
      ["POST", 200],
      ["HEAD", 200],
      ["OPTIONS", 204],
      ["DELETE", 405],
    ] as const
  ) {
    const response = await runs.serve("a", runRequest(undefined, method));
    assertEquals(response.status, status, method);
    await response.body?.cancel();
  }
  const response = await runs.serve("a", runRequest(undefined, "POST"), {
    methods: ["GET"],
  });
  assertEquals(response.status, 405);
});

Deno.test("serve() adds headers and CORS to every answer", async () => {
  await using runs = new EventRuns();
  await runs.start("a", () => [{ data: "1" }]);
  await using reader = await readRun(runs, "a");
  await reader.end();
  const { lastEventId } = reader.inbox;
  const options = {
    headers: { "x-run": "a" },
    cors: { origins: ["https://page.example"] },
  };
  for (const [id, last] of [["a", undefined], ["a", lastEventId], ["b"]]) {
    const request = runRequest(last);
    request.headers.set("origin", "https://page.example");
    const response = await runs.serve(id!, request, options);
    const { headers } = response;
    assertEquals(headers.get("x-run"), "a");
    assertEquals(
      headers.get("access-control-allow-origin"),
      "https://page.example",
    );
    await response.body?.cancel();
  }
});

Deno.test("serve() answers with notFound if there is no such run", async () => {
  await using runs = new EventRuns();
  const response = await runs.serve("a", runRequest(), {
    notFound: ({ method }) => new Response(`no ${method}`, { status: 410 }),
  });
  assertEquals(response.status, 410);
  assertEquals(await response.text(), "no GET");
});

Deno.test("serve() takes the last event ID from a parameter", async () => {
  await using runs = new EventRuns();
  await runs.start("a", () => [{ data: "1" }, { data: "2" }]);
  await using reader = await readRun(runs, "a");
  await reader.end();
  const { lastEventId } = reader.inbox.events[0]!;
  const url = `http://localhost/?last=${encodeURIComponent(lastEventId)}`;
  const options = { lastEventIdParameter: "last" };
  const response = await runs.serve("a", new Request(url), options);
  assert(!(await response.text()).includes("data: 1"));
});

Deno.test("serve() ends a stream after maxDuration, and goes on with the next", async () => {
  await using runs = new EventRuns();
  const faucet = new Faucet();
  await runs.start("a", faucet.open);
  faucet.give("1");
  const reasons: string[] = [];
  await using first = await readRun(runs, "a", undefined, {
    maxDuration: 30,
    onClose: (reason) => reasons.push(reason),
  });
  await first.end();
  assertEquals(reasons, ["lifetime"]);
  await using second = await readRun(runs, "a", first.inbox.lastEventId);
  faucet.give("2");
  faucet.end();
  await second.end();
  assertEquals(second.inbox.data, ["2", "done"]);
});

Deno.test("serve() sends retry first, and comments in silence", async () => {
  await using runs = new EventRuns({ retry: 70, keepAlive: 20 });
  await runs.start("a", new Faucet().open);
  await using reader = await readRun(runs, "a");
  await reader.inbox.until(() => reader.inbox.comments.includes(""));
  assertEquals(reader.inbox.reconnectionTime, 70);
});

Deno.test("EventRuns refuses calls after close()", async () => {
  const runs = new EventRuns();
  const faucet = new Faucet();
  await runs.start("a", faucet.open);
  const waiting = runs.ended("a");
  await runs.close();
  assertEquals(await waiting, "lost");
  const response = await runs.serve("a", runRequest());
  assertEquals(response.status, 503);
  assertEquals(response.headers.get("retry-after"), "5");
  await assertRejects(
    () => runs.start("b", faucet.open),
    Error,
    "Cannot start run: EventRuns is closed",
  );
  await assertRejects(
    () => runs.ended("a"),
    Error,
    "Cannot wait for run: EventRuns is closed",
  );
});

testOptions<EventRunsOptions>({
  name: "new EventRuns()",
  call: (options) => new EventRuns(options).close(),
  right: {
    keepAlive: 1000,
    retry: 5,
    logs: new MemoryEventLogs(),
    leaseTime: 1000,
    keepFor: 1000,
    maxRunTime: 1000,
    maxSilence: 1000,
    maxEvents: 5,
    maxBytes: 5,
    maxRuns: 5,
    endEvent: () => undefined,
    compression: COMPRESSION,
    onError: () => {},
  },
  wrong: {
    keepAlive: "1000",
    retry: "5",
    logs: {},
    leaseTime: "1000",
    keepFor: "1000",
    maxRunTime: "1000",
    maxSilence: "1000",
    maxEvents: "5",
    maxBytes: "5",
    maxRuns: "5",
    endEvent: { event: "end" },
    compression: true,
    onError: "log",
  },
});

testOptions<EventRunsStartOptions>({
  name: "EventRuns.start()",
  async call(options): Promise<void> {
    await using runs = new EventRuns();
    await runs.start("a", () => [], options);
  },
  right: { restart: "after", waitUntil: () => {} },
  wrong: { restart: true, waitUntil: Promise.resolve() },
});

async function serve(options: EventRunsServeOptions): Promise<void> {
  await using runs = new EventRuns();
  await runs.start("a", () => [{ data: "a" }]);
  await runs.ended("a");
  await (await runs.serve("a", runRequest(), options)).body?.cancel();
}

const CORS = { origins: () => true, credentials: true, maxAge: 5 };

testOptions<EventRunsServeOptions>({
  name: "EventRuns.serve()",
  call: serve,
  right: {
    methods: ["GET", "POST"],
    headers: [["x-own", "1"]],
    cors: CORS,
    signal: new AbortController().signal,
    maxDuration: 1000,
    startTimeout: 1000,
    allowTransform: true,
    lastEventIdParameter: "id",
    onClose: () => {},
    notFound: () => new Response(),
  },
  wrong: {
    methods: { GET: true },
    headers: 5,
    cors: [],
    signal: 5,
    maxDuration: "1000",
    startTimeout: "1000",
    allowTransform: "yes",
    lastEventIdParameter: true,
    onClose: "end",
    notFound: new Response(),
  },
});

testOptions<CorsOptions>({
  name: "EventRuns.serve()",
  path: "cors",
  call: (cors) => serve({ cors }),
  right: CORS,
  wrong: { origins: "https", credentials: "no", maxAge: null },
});
