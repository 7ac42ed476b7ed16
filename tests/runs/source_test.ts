// Copyright 2026 the Tidings authors. MIT license.

/** What a run takes from its source, and what happens if the source fails. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { encodeEvents } from "../../encoder.ts";
import { MemoryEventLogs } from "../../log.ts";
import {
  EventRuns,
  type EventRunsOptions,
  type EventRunSource,
} from "../../runs/mod.ts";
import { numbers } from "../conformance/event_log_readers.ts";
import { Faucet, readToEnd, until, withClaims } from "./_fixture.ts";

const EVENTS = [
  { event: "tick", data: "1\n2" },
  { data: " é 🎈" },
  { data: "" },
];
const RECEIVED = ["tick: 1\n2", "message:  é 🎈", "message: ", "end: done"];

function makeStream<T>(chunks: Iterable<T>): ReadableStream<T> {
  return new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

function makeResponse(init: ResponseInit & { type?: string } = {}): Response {
  const { type = "text/event-stream; charset=utf-8", ...rest } = init;
  return new Response(encodeEvents(EVENTS), {
    ...rest,
    headers: { "content-type": type },
  });
}

async function* inTheirOwnTime<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await undefined;
    yield item;
  }
}

const bytes = encodeEvents(EVENTS);
const oneByOne = Array.from(bytes, (byte) => Uint8Array.of(byte));
const text = new TextDecoder().decode(bytes);

const SOURCES: Record<string, EventRunSource> = {
  "an iterable of events": () => EVENTS,
  "a promise of one": () => Promise.resolve(EVENTS),
  "an async iterable of events": () => inTheirOwnTime(EVENTS),
  "a stream of events": () => makeStream(EVENTS),
  "a response": () => makeResponse(),
  "a promise of a response": () => Promise.resolve(makeResponse()),
  "a stream of bytes": () => makeStream([bytes]),
  "a stream of single bytes": () => makeStream(oneByOne),
  "an async iterable of bytes": () => inTheirOwnTime(oneByOne),
  "a stream of text": () => makeStream(text),
  "events with IDs, comments and JSON": () => [
    { ...EVENTS[0], id: 7 },
    { comment: "ping" },
    { comment: "run ended: lost" },
    { ...EVENTS[1], comment: "run ended: lost", id: "x" },
    { json: undefined, data: "" },
    { event: "nothing" },
  ],
};

for (const [name, source] of Object.entries(SOURCES)) {
  Deno.test(`EventRuns.start() takes ${name}`, async () => {
    await using runs = new EventRuns();
    await runs.start("a", source);
    assertEquals(await readToEnd(runs, "a"), RECEIVED);
  });
}

Deno.test("EventRuns.start() keeps the text of json and retry", async () => {
  await using runs = new EventRuns();
  await runs.start("a", () => [{ json: { a: 1 }, retry: 70 }]);
  assertEquals(await readToEnd(runs, "a"), ['message: {"a":1}', "end: done"]);
});

const WRONG: Record<string, EventRunSource> = {
  "throws": () => {
    throw new Error("It is me");
  },
  "rejects": () => Promise.reject(new Error("It is me")),
  "gives a stream that fails": () => makeFailing(),
  "gives what cannot be sent": () => [{ event: "a\nb", data: "" }],
  "gives data and json": () => [{ data: "", json: "" }],
  "gives nothing": (() => {}) as unknown as EventRunSource,
  "gives a text": (() => "data: 1\n\n") as unknown as EventRunSource,
  "gives a response that is no event stream": () =>
    makeResponse({ type: "text/html" }),
  "gives a response with an error": () => makeResponse({ status: 500 }),
};

function makeFailing(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.error(new Error("It is me")),
  });
}

for (const [name, source] of Object.entries(WRONG)) {
  Deno.test(`EventRuns ends a run as failed if its source ${name}`, async () => {
    const errors: unknown[] = [];
    const onError = (error: unknown, id: string): void => {
      assertEquals(id, "a");
      errors.push(error);
    };
    await using runs = new EventRuns({ onError });
    assertEquals(await runs.start("a", source), true);
    // Nothing of the error reaches a reader.
    assertEquals(await readToEnd(runs, "a"), ["end: failed"]);
    assertEquals(await runs.status("a"), "failed");
    assertEquals(errors.length, 1);
    assert(errors[0] instanceof Error);
  });
}

Deno.test("EventRuns reports what it got in place of events", async () => {
  const errors: string[] = [];
  const onError = (error: unknown): void => void errors.push(String(error));
  await using runs = new EventRuns({ onError });
  await runs.start("a", (() => "data: 1") as unknown as EventRunSource);
  await runs.ended("a");
  assertEquals(errors, [
    'TypeError: Cannot produce run: expected "source" to give events or an event stream, got "data: 1"',
  ]);
});

/** What a run of ten events with these limits comes to. */
const LIMITS: [EventRunsOptions, string[], exceeded?: string][] = [
  [{ maxEvents: 10 }, [...numbers(10), "done"]],
  [{ maxEvents: 9 }, [...numbers(9), "failed"], '"maxEvents" of 9 events'],
  [{ maxBytes: 90 }, [...numbers(10), "done"]],
  [{ maxBytes: 89 }, [...numbers(9), "failed"], '"maxBytes" of 89 bytes'],
];

for (const [limits, expected, exceeded] of LIMITS) {
  Deno.test(`EventRuns keeps all up to its limits: ${JSON.stringify(limits)}`, async () => {
    const errors: unknown[] = [];
    await using runs = new EventRuns({
      ...limits,
      onError: (error) => errors.push(error),
    });
    const faucet = new Faucet();
    await runs.start("a", faucet.open);
    faucet.give(...numbers(10));
    faucet.end();
    const received = await readToEnd(runs, "a");
    assertEquals(received.map((line) => line.split(": ")[1]), expected);
    const isFailed = expected.at(-1) === "failed";
    assertEquals(faucet.run?.signal.aborted, isFailed);
    assertEquals(
      errors.map(String),
      isFailed
        ? [
          `RangeError: Cannot continue run: its source has exceeded ${exceeded}`,
        ]
        : [],
    );
  });
}

Deno.test("EventRuns stops a source that takes too long", async () => {
  const errors: Error[] = [];
  await using runs = new EventRuns({
    maxRunTime: 50,
    onError: (error) => errors.push(error as Error),
  });
  const faucet = new Faucet();
  await runs.start("a", faucet.open);
  faucet.give("1");
  assertEquals(await readToEnd(runs, "a"), ["message: 1", "end: failed"]);
  assertEquals(faucet.isCancelled, true);
  assertEquals(errors.map(({ name }) => name), ["RangeError"]);
});

/** Sources that give one event and then nothing, or nothing at all. */
const SILENT: Record<string, EventRunSource> = {
  "that gives events": async function* () {
    yield { data: "1" };
    await new Promise(() => {});
  },
  "that gives text": async function* () {
    yield "data: 1\n\ndata: unfinis";
    await new Promise(() => {});
  },
  "that gives a stream": () =>
    new ReadableStream<Uint8Array>({
      start(controller): void {
        controller.enqueue(new TextEncoder().encode("data: 1\n\n"));
      },
    }),
  "that gives a response": () =>
    new Response(
      new ReadableStream<Uint8Array>({
        start(controller): void {
          controller.enqueue(new TextEncoder().encode("data: 1\n\n"));
        },
      }),
      { headers: { "content-type": "text/event-stream" } },
    ),
  "that never opens": () => new Promise<never>(() => {}),
};

for (const [name, source] of Object.entries(SILENT)) {
  Deno.test(`EventRuns stops a source ${name} and is silent for maxSilence`, async () => {
    const errors: Error[] = [];
    let signal: AbortSignal | undefined;
    await using runs = new EventRuns({
      maxSilence: 50,
      onError: (error) => errors.push(error as Error),
    });
    await runs.start("a", (run) => {
      signal = run.signal;
      return source(run);
    });
    assertEquals(await runs.ended("a"), "failed");
    assertEquals(signal?.aborted, true);
    assertEquals(errors.length, 1);
    const expected = name === "that never opens" ? [] : ["message: 1"];
    assertEquals(await readToEnd(runs, "a"), [...expected, "end: failed"]);
  });
}

Deno.test("EventRuns takes comments of a source for life, and leaves no timer", async () => {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
  const chunks = async function* () {
    for (let i = 0; i < 8; i++) {
      await pause();
      yield new TextEncoder().encode(":\n");
    }
    yield new TextEncoder().encode("data: 1\n\n");
  };
  const headers = { "content-type": "text/event-stream" };
  for (
    const source of [
      chunks,
      () => new Response(ReadableStream.from(chunks()), { headers }),
    ]
  ) {
    await using runs = new EventRuns({ maxSilence: 300 });
    await runs.start("a", source);
    assertEquals(await runs.ended("a"), "done");
  }
});

Deno.test("EventRuns does not report a source that stops because it was told to", async () => {
  const errors: unknown[] = [];
  await using runs = new EventRuns({ onError: (error) => errors.push(error) });
  await runs.start("a", async function* ({ signal }) {
    yield { data: "1" };
    await new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  });
  await until(async () => (await runs.status("a")) === "running");
  await runs.stop("a");
  assertEquals(await runs.ended("a"), "stopped");
  assertEquals(errors, []);
});

Deno.test("EventRuns asks the source for more only as the log takes it", async () => {
  const logs = new MemoryEventLogs();
  let release = (): void => {};
  const held = new Promise<void>((resolve) => release = resolve);
  await using runs = new EventRuns({
    logs: withClaims(logs, (claim) => ({
      append: async (event) => {
        if (event.data !== undefined && event.event !== "end") await held;
        return await claim.append(event);
      },
    })),
  });
  let asked = 0;
  await runs.start("a", function* () {
    while (asked < 1000) yield { data: `${asked++}` };
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert(asked > 0 && asked < 200, `${asked} events were asked for`);
  release();
  assertEquals((await readToEnd(runs, "a")).length, 1001);
  logs.close();
});

Deno.test("EventRuns ends a run as lost if its claim is gone", async () => {
  using logs = new MemoryEventLogs();
  await using runs = new EventRuns({ logs });
  const faucet = new Faucet();
  await runs.start("a", faucet.open);
  await logs.expire("a", 1);
  await until(async () => (await logs.inspect("a")).last === undefined);
  faucet.give("1");
  await until(() => runs.size === 0);
  assertEquals(faucet.isCancelled, true);
  // Nothing was written into a log that would never expire.
  assertEquals((await logs.inspect("a")).last, undefined);
});

Deno.test("EventRuns.start() rejects if the logs fail, and nothing goes on", async () => {
  using logs = new MemoryEventLogs();
  await using runs = new EventRuns({
    logs: {
      open: (name) => logs.open(name),
      inspect: (name) => logs.inspect(name),
      expire: (name, delay) => logs.expire(name, delay),
      claim: () => Promise.reject(new Error("The disk is full")),
    },
  });
  const faucet = new Faucet();
  await assertRejects(
    () => runs.start("a", faucet.open),
    Error,
    "disk is full",
  );
  assertEquals([faucet.calls, runs.size], [0, 0]);
  assertEquals(await runs.status("a"), undefined);
});
