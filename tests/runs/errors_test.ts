// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryEventLogs } from "../../log.ts";
import { ErrorReports } from "../../runs/_error_reports.ts";
import { EventRuns } from "../../runs/mod.ts";
import { recordWarnings } from "../support/warnings.ts";
import { until } from "../channel/_clients.ts";

/** Lets unhandled rejections surface, and what is told later than at once. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

/** Sources that fail, as models and disks do. */
const SOURCES: { name: string; source: () => unknown; message: RegExp }[] = [
  {
    name: "a model that answers 401",
    source: () =>
      new Response('{"error":"no key"}', {
        status: 401,
        headers: { "content-type": "application/json" },
      }),
    message: /401/,
  },
  {
    name: "a function that throws",
    source: () => {
      throw new Error("no disk");
    },
    message: /no disk/,
  },
  {
    name: "a function that rejects",
    source: () => Promise.reject(new Error("no net")),
    message: /no net/,
  },
  {
    name: "a generator that throws after an event",
    source: async function* () {
      yield { data: "a" };
      await undefined;
      throw new Error("cut off");
    },
    message: /cut off/,
  },
  {
    name: "an event that cannot be encoded",
    source: () => [{ event: "a\nb", data: "x" }],
    message: /event/,
  },
  { name: "nothing", source: () => undefined, message: /source/ },
];

for (const { name, source, message } of SOURCES) {
  Deno.test(`EventRuns warns of a run that failed, without an onError: ${name}`, async () => {
    using recorder = recordWarnings();
    await using runs = new EventRuns();
    runs.start("answer", source as () => never[]);
    await until(() => runs.size === 0);
    assertEquals(await runs.status("answer"), "failed");
    assertEquals(recorder.codes, ["TIDINGS_RUN"]);
    const [warning] = recorder.warnings;
    assert(message.test(warning?.message ?? ""), warning?.message);
    assert(warning?.message.startsWith('Run "answer" fails: '));
  });

  Deno.test(`EventRuns tells onError once of a run that failed: ${name}`, async () => {
    using recorder = recordWarnings();
    const told: unknown[][] = [];
    await using runs = new EventRuns({
      onError: (...args) => void told.push(args),
    });
    await runs.start("answer", source as () => never[]);
    assertEquals(await runs.ended("answer"), "failed");
    assertEquals(told.map(([, id]) => id), ["answer"]);
    assert(message.test(String(told[0]?.[0])));
    assertEquals(recorder.codes, []);
  });
}

/** Calls that reject, and may be left alone. */
const CALLS: { name: string; call: (runs: EventRuns) => Promise<unknown> }[] = [
  { name: "start()", call: (runs) => runs.start("", () => []) },
  {
    name: "start() without a source",
    call: (runs) => runs.start("a", undefined as unknown as () => never[]),
  },
  { name: "stop()", call: (runs) => runs.stop("") },
  { name: "status()", call: (runs) => runs.status("") },
  { name: "ended()", call: (runs) => runs.ended("") },
];

for (const { name, call } of CALLS) {
  Deno.test(`EventRuns.${name} left alone tells once what it rejects with`, async () => {
    using recorder = recordWarnings();
    const errors: unknown[] = [];
    await using runs = new EventRuns({
      onError: (error) => errors.push(error),
    });
    const error = await call(runs).catch((error) => error);
    await settle();
    assertEquals(errors.length, 1);
    assert(errors[0] === error);
    await using silent = new EventRuns();
    call(silent);
    await settle();
    assertEquals(recorder.codes, ["TIDINGS_RUN"]);
  });

  Deno.test(`EventRuns.${name} left alone tells what the logs refuse`, async () => {
    using recorder = recordWarnings();
    const logs = new MemoryEventLogs();
    const refuse = () => Promise.reject(new Error("WRONGTYPE no stream"));
    logs.claim = logs.inspect = refuse;
    await using runs = new EventRuns({ logs });
    const method = name.replace(/\(.*/, "") as "start" | "stop";
    runs[method]("a", () => []);
    await settle();
    assertEquals(recorder.codes, ["TIDINGS_RUN"]);
    assert(recorder.warnings[0]?.message.includes('"a"'));
    logs.close();
  });
}

Deno.test("EventRuns.start() is told once after close(), and not for each call", async () => {
  using recorder = recordWarnings();
  const runs = new EventRuns();
  await runs.close();
  for (let i = 0; i < 3; i++) runs.start(`${i}`, () => []);
  await assertRejects(() => runs.start("a", () => []), Error, "closed");
  await settle();
  assertEquals(recorder.codes, ["TIDINGS_RUN"]);
});

Deno.test("EventRuns.start() rejects as soon as the logs refuse the claim, and reads nothing more", async () => {
  const reasons: string[] = [];
  let reads = 0;
  const logs = new MemoryEventLogs();
  await using runs = new EventRuns({
    logs: {
      claim: () => Promise.reject(new Error("no server")),
      inspect: (name) => logs.inspect(name),
      expire: (name, delay) => logs.expire(name, delay),
      open: () => {
        const log = logs.open("stops");
        return {
          append: (event) => log.append(event),
          read: (cursor) => log.read(cursor),
          follow: (onBatch, options) => log.follow(onBatch, options),
          // An engine that does not answer.
          rewind: (_, { signal } = {}) => {
            reads++;
            return new Promise((_, reject) =>
              signal?.addEventListener("abort", () => {
                reasons.push(signal.reason.name);
                reject(signal.reason);
              })
            );
          },
        };
      },
    },
    onError: () => {},
  });
  await assertRejects(() => runs.start("a", () => []), Error, "no server");
  await new Promise((resolve) => setTimeout(resolve, 200));
  assertEquals([reads, reasons], [1, ["AbortError"]]);
});

Deno.test("EventRuns.close() is no error of those who wait for the end of a run", async () => {
  using recorder = recordWarnings();
  const logs = new MemoryEventLogs();
  const runs = new EventRuns({ logs });
  const other = new EventRuns({ logs });
  await other.start("a", async function* ({ signal }) {
    yield { data: "a" };
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  runs.ended("a");
  await settle();
  await runs.close();
  await settle();
  await other.close();
  logs.close();
  assertEquals(recorder.codes, []);
});

/** Functions of the application that must not throw, and do. */
const CALLBACKS = ["onError", "waitUntil"] as const;

for (const name of CALLBACKS) {
  Deno.test(`EventRuns survives a \`${name}\` that throws, and warns`, async () => {
    using recorder = recordWarnings();
    const fail = (): never => {
      throw new Error("The handler is broken");
    };
    await using runs = new EventRuns(
      name === "onError" ? { onError: fail } : {},
    );
    await runs.start(
      "a",
      name === "onError" ? fail : () => [{ data: "a" }],
      name === "waitUntil" ? { waitUntil: fail } : {},
    );
    await runs.ended("a");
    assertEquals(recorder.codes, ["TIDINGS_CALLBACK"]);
  });
}

Deno.test("EventRuns warns once of logs that fail while a run is read, until they answer", async () => {
  using recorder = recordWarnings();
  const logs = new MemoryEventLogs();
  await using runs = new EventRuns({ logs, leaseTime: 500 });
  let end = (): void => {};
  await runs.start("a", async function* () {
    yield { data: "a" };
    await new Promise<void>((resolve) => end = resolve);
  });
  const request = new Request("http://localhost/");
  const text = (await runs.serve("a", request)).text();
  const { inspect } = logs;
  let calls = 0;
  logs.inspect = () => {
    calls++;
    return Promise.reject(new Error("ECONNREFUSED"));
  };
  await until(() => calls >= 3);
  for (let i = 0; i < 3; i++) {
    const response = await runs.serve("a", request);
    assertEquals(response.status, 503);
    await response.body?.cancel();
  }
  logs.inspect = inspect;
  assertEquals(recorder.codes, ["TIDINGS_LOG"]);
  end();
  await text;
  await runs.close();
  logs.close();
});

Deno.test("ErrorReports remembers a bounded number of runs, and of kinds of errors of each", () => {
  const told: string[] = [];
  const reports = new ErrorReports((error, id) => {
    told.push(`${id}: ${(error as Error).message}`);
  });
  for (let i = 0; i <= 1000; i++) reports.report(new Error("away"), `${i}`);
  assertEquals(told.splice(0).length, 1001);
  // The oldest is forgotten, the newest is not.
  reports.report(new Error("away"), "1000");
  reports.report(new Error("away"), "0");
  assertEquals(told.splice(0), ["0: away"]);
  for (let i = 0; i <= 16; i++) reports.report(new Error(`kind ${i}`), "a");
  assertEquals(told.splice(0).length, 17);
  for (const i of [0, 15, 16]) reports.report(new Error(`kind ${i}`), "a");
  assertEquals(told, ["a: kind 16"]);
});
