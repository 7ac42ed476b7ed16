// Copyright 2026 the Tidings authors. MIT license.

/** Runs that are used wrongly: each error names what was given and what is expected. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MemoryEventLog } from "../../log.ts";
import {
  EventRuns,
  type EventRunsOptions,
  type EventRunSource,
} from "../../runs/mod.ts";
import { runRequest } from "./_fixture.ts";

const LOGS: Record<string, [logs: unknown, got: string]> = {
  "the name of an engine": ["redis", '"redis"'],
  "nothing of logs": [{}, "an object"],
  // Not a new one: workerd draws no random numbers before a test runs.
  "one log": [Object.create(MemoryEventLog.prototype), "an object"],
  "a class": [MemoryEventLog, "a function"],
  "null": [null, "null"],
};

for (const [name, [logs, got]] of Object.entries(LOGS)) {
  Deno.test(`EventRuns() refuses logs that are ${name}`, () => {
    assertThrows(
      () => new EventRuns({ logs } as EventRunsOptions),
      TypeError,
      `Cannot make event runs: expected "logs" to be EventLogs such as MemoryEventLogs, got ${got}`,
    );
  });
}

// Made in a test: workerd makes no response before one runs.
const SOURCES: Record<string, [make: () => unknown, got: string]> = {
  "missing": [() => undefined, "undefined"],
  "text": [() => "Hello", '"Hello"'],
  "a list": [() => [{ data: "a" }], "an array"],
  "a response": [() => new Response("data: a\n\n"), "an object"],
  "a stream": [() => new ReadableStream(), "an object"],
  "a promise": [() => Promise.resolve([]), "an object"],
};

for (const [name, [make, got]] of Object.entries(SOURCES)) {
  Deno.test(`EventRuns.start() refuses a source that is ${name}`, async () => {
    await using runs = new EventRuns();
    await assertRejects(
      () => runs.start("a", make() as EventRunSource),
      TypeError,
      `Cannot start run: expected "source" to be a function, got ${got}`,
    );
    assertEquals(await runs.status("a"), undefined);
  });
}

/** What a source must not give. */
const GIVEN: Record<string, [given: unknown, got: string]> = {
  "nothing": [undefined, "undefined"],
  "null": [null, "null"],
  "a number": [5, "5"],
  "an event": [{ data: "a" }, "an object"],
  "a function": [() => [], "a function"],
};

for (const [name, [given, got]] of Object.entries(GIVEN)) {
  Deno.test(`EventRuns ends a run as failed whose source gives ${name}`, async () => {
    const errors: string[] = [];
    await using runs = new EventRuns({
      onError: (error, id) => errors.push(`${id}: ${error}`),
    });
    for (const value of [given, Promise.resolve(given)]) {
      await runs.start("a", () => value as never, { restart: "replace" });
      assertEquals(await runs.ended("a"), "failed");
    }
    const error =
      `a: TypeError: Cannot produce run: expected "source" to give events or an event stream, got ${got}`;
    assertEquals(errors, [error, error]);
  });
}

/** What stands for a request where it is called wrongly. */
const REQUESTS: Record<string, [request: unknown, got: string]> = {
  "a request of node:http": [
    { url: "/", method: "GET", headers: {}, rawHeaders: [] },
    'a request of node:http, for which "toNodeHandler" makes one',
  ],
  "a URL": ["http://localhost/", '"http://localhost/"'],
  "missing": [undefined, "undefined"],
  "a context of a framework": [{ req: runRequest() }, "an object"],
};

for (const [name, [request, got]] of Object.entries(REQUESTS)) {
  Deno.test(`EventRuns.serve() refuses a request that is ${name}`, async () => {
    await using runs = new EventRuns();
    await runs.start("a", () => []);
    for (const id of ["a", "unknown", ""]) {
      await assertRejects(
        () => runs.serve(id, request as Request),
        TypeError,
        `Cannot serve run: expected "request" to be a Request, got ${got}`,
      );
    }
  });
}

Deno.test("EventRuns refuses an ID that is no text", async () => {
  await using runs = new EventRuns();
  for (const id of [undefined, 5, null, runRequest()]) {
    const wrong = id as unknown as string;
    for (
      const call of [
        () => runs.start(wrong, () => []),
        () => runs.stop(wrong),
        () => runs.status(wrong),
        () => runs.ended(wrong),
        () => runs.serve(wrong, runRequest()),
      ]
    ) await assertRejects(call, TypeError, 'expected "id" to be a string');
  }
});

const CALLS: Record<string, [verb: string, ...args: unknown[]]> = {
  start: ["start run", "a", () => []],
  stop: ["stop run", "a"],
  status: ["get status of run", "a"],
  ended: ["wait for run", "a"],
  serve: ["serve run", "a", undefined],
  close: ["close event runs"],
};

for (const [method, [verb, ...args]] of Object.entries(CALLS)) {
  Deno.test(`EventRuns.${method}() rejects with TypeError if it is called without its runs`, async () => {
    await using runs = new EventRuns();
    const call: unknown = Reflect.get(runs, method);
    if (typeof call !== "function") throw new Error("There is no such method");
    for (const [self, got] of [[undefined, "undefined"], [{}, "an object"]]) {
      await assertRejects(
        () => Promise.resolve(Reflect.apply(call, self, args)),
        TypeError,
        `Cannot ${verb}: expected "this" to be EventRuns, got ${got}: call it as "runs.${method}()"`,
      );
    }
  });
}
