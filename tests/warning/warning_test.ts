// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { isAbortOf, tellError, tellRejection, warn } from "../../_warning.ts";
import { recordWarnings } from "../support/warnings.ts";

/** Errors as libraries, peers and attackers make them. */
const HOSTILE_ERRORS: { name: string; make: () => unknown; message: string }[] =
  [
    { name: "a text", make: () => "broken", message: "broken" },
    { name: "nothing", make: () => undefined, message: "undefined" },
    { name: "null", make: () => null, message: "null" },
    { name: "a symbol", make: () => Symbol("x"), message: "Symbol(x)" },
    {
      name: "an object without a prototype",
      make: () => Object.create(null),
      message: "a value of the type object",
    },
    {
      name: "an error whose cause is itself",
      make: () => {
        const error = new Error("circle");
        error.cause = error;
        return error;
      },
      message: "circle",
    },
    {
      name: "an error with getters that throw",
      make: () => ({
        get message(): string {
          throw new Error("no message");
        },
        get stack(): string {
          throw new Error("no stack");
        },
        get cause(): unknown {
          throw new Error("no cause");
        },
        toString(): string {
          throw new Error("no text");
        },
      }),
      message: "a value of the type object",
    },
    {
      name: "a proxy that is revoked",
      make: () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
      message: "a value of the type object",
    },
    {
      name: "a message that is no text",
      make: () => ({ message: 5, toString: () => "five" }),
      message: "five",
    },
    {
      name: "control characters",
      make: () => new Error("\u001b[2J\r\u009b"),
      message: "\\x1b[2J\\x0d\\x9b",
    },
  ];

for (const { name, make, message } of HOSTILE_ERRORS) {
  Deno.test(`warn() shows what was thrown: ${name}`, () => {
    using recorder = recordWarnings();
    warn("TIDINGS_LOG", "The log cannot be read", make());
    assertEquals(recorder.codes, ["TIDINGS_LOG"]);
    assertEquals(
      recorder.warnings[0]?.message,
      `The log cannot be read: ${message}`,
    );
    assertEquals(recorder.warnings[0]?.name, "TidingsWarning");
  });
}

Deno.test("warn() shows the stack of an error and those of its causes", () => {
  using recorder = recordWarnings();
  const cause = new Error("the socket is closed");
  warn("TIDINGS_LOG", "Failed", new Error("no answer", { cause }));
  const detail = recorder.warnings[0]?.detail ?? "";
  assertStringIncludes(detail, "no answer");
  // A runtime may have bundled this file.
  assert(/no answer\n\s.*:\d+:\d+/.test(detail), detail);
  assertStringIncludes(detail, "Caused by: ");
  assertStringIncludes(detail, "the socket is closed");
});

Deno.test("warn() shows at most five errors of a chain of causes, and of a circle", () => {
  using recorder = recordWarnings();
  const error = new Error("error 0");
  let last = error;
  for (let i = 1; i < 8; i++) {
    const cause = new Error(`error ${i}`);
    cause.stack = "";
    last.cause = cause;
    last = cause;
  }
  warn("TIDINGS_LOG", "Failed", error);
  const { detail = "" } = recorder.warnings[0] ?? {};
  assertEquals(detail.match(/Caused by: error \d/g), [
    "Caused by: error 1",
    "Caused by: error 2",
    "Caused by: error 3",
    "Caused by: error 4",
  ]);
  last.cause = error;
  warn("TIDINGS_LOG", "Failed", last);
  assertEquals(recorder.warnings[1]?.detail.match(/Caused by: /g)?.length, 4);
});

Deno.test("warn() cuts what is endless", () => {
  using recorder = recordWarnings();
  warn("TIDINGS_LOG", "Failed", new Error("x".repeat(1_000_000)));
  const { message = "", detail = "" } = recorder.warnings[0] ?? {};
  assert(message.length <= 1001);
  assert(detail.length <= 8001);
});

const SECRETS: { text: string; shown: string }[] = [
  {
    text: "connect redis://default:secret@db.example:6379/0",
    shown: "connect redis://…@db.example:6379/0",
  },
  {
    text: "Invalid URL: 'redis://:se/cr@et@db.example'",
    shown: "Invalid URL: 'redis://…@db.example'",
  },
  {
    text: "https://secret@example.com/feed",
    shown: "https://…@example.com/feed",
  },
  {
    text: "GET https://example.com/feed?token=secret failed",
    shown: "GET https://example.com/feed?… failed",
  },
  {
    text: "at http://localhost:8000/x.ts?t=secret:12:7)",
    shown: "at http://localhost:8000/x.ts?…:12:7)",
  },
  {
    text: "https://example.com/?a=secret#part https://b/?secret",
    shown: "https://example.com/?…#part https://b/?…",
  },
  {
    text: "postgres://a:secret@h/x and amqp://b:secret@i",
    shown: "postgres://…@h/x and amqp://…@i",
  },
  {
    text: "at https://jsr.io/@tidings/sse/channel.ts:12:7",
    shown: "at https://jsr.io/@tidings/sse/channel.ts:12:7",
  },
  {
    text: "at http://localhost:8000/@scope/x.ts:12:7",
    shown: "at http://localhost:8000/@scope/x.ts:12:7",
  },
  {
    text: "at file:///srv/node_modules/@tidings/sse/x.js:1:2",
    shown: "at file:///srv/node_modules/@tidings/sse/x.js:1:2",
  },
];

for (const { text, shown } of SECRETS) {
  Deno.test(`warn() shows no password and no query: ${shown}`, () => {
    using recorder = recordWarnings();
    warn("TIDINGS_LOG", "Failed", new Error(text));
    const { message = "", detail = "" } = recorder.warnings[0] ?? {};
    assertEquals(message, `Failed: ${shown}`);
    assertStringIncludes(detail, shown);
    assert(!detail.includes("secret"));
  });
}

Deno.test("warn() does not throw if the runtime's warnings do", () => {
  const { process } = globalThis as unknown as {
    process?: { emitWarning: unknown };
  };
  const holder = process === undefined ? console : process;
  const name = process === undefined ? "warn" : "emitWarning";
  const before = Reflect.get(holder, name);
  Reflect.set(holder, name, () => {
    throw new Error("no warnings here");
  });
  try {
    warn("TIDINGS_LOG", "Failed", new Error("x"));
  } finally {
    Reflect.set(holder, name, before);
  }
});

Deno.test("tellError() tells `onError` with all that belongs to the error", () => {
  using recorder = recordWarnings();
  const told: unknown[] = [];
  const onError = (...args: unknown[]) => void told.push(args);
  tellError(onError, "TIDINGS_RUN", "unused", "broken", "run-1");
  assertEquals(told, [["broken", "run-1"]]);
  assertEquals(recorder.codes, []);
});

Deno.test("tellError() warns where there is no `onError`", () => {
  using recorder = recordWarnings();
  const error = new Error("401");
  tellError(undefined, "TIDINGS_RUN", "A run has failed", error, "run-1");
  assertEquals(
    recorder.warnings.map(({ message }) => message),
    ["A run has failed: 401"],
  );
});

const BROKEN_HANDLERS: { name: string; onError: () => unknown }[] = [
  {
    name: "throws",
    onError: () => {
      throw new Error("handler");
    },
  },
  {
    name: "rejects",
    onError: () => Promise.reject(new Error("handler")),
  },
  {
    name: "returns a thenable that rejects",
    onError: () => ({
      then: (_: unknown, reject: (error: unknown) => void) =>
        reject(new Error("handler")),
    }),
  },
  { name: "is no function", onError: "log it" as unknown as () => unknown },
];

for (const { name, onError } of BROKEN_HANDLERS) {
  Deno.test(`tellError() warns if \`onError\` ${name}`, async () => {
    using recorder = recordWarnings();
    tellError(onError, "TIDINGS_LOG", "unused", new Error("first"));
    // A rejection is told some microtasks later.
    for (let i = 0; i < 10; i++) await undefined;
    assertEquals(recorder.codes, ["TIDINGS_CALLBACK"]);
  });
}

Deno.test("tellRejection() gives the promise, which counts as handled", async () => {
  const told: unknown[] = [];
  const error = new Error("refused");
  const promise = Promise.reject(error);
  assertEquals(tellRejection(promise, (e) => void told.push(e)), promise);
  // An unhandled rejection would end the test here.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(told, [error]);
  assertEquals(await promise.catch((e) => e), error);
});

const ABORTS: { name: string; error: unknown; isAbort: boolean }[] = [
  { name: "the reason", error: "reason", isAbort: true },
  {
    name: "an error of a runtime",
    error: new DOMException("x", "AbortError"),
    isAbort: true,
  },
  { name: "another error", error: new Error("x"), isAbort: false },
  { name: "nothing", error: undefined, isAbort: false },
];

for (const { name, error, isAbort } of ABORTS) {
  Deno.test(`isAbortOf() tells what an aborted signal has caused: ${name}`, () => {
    const controller = new AbortController();
    assertEquals(isAbortOf(controller.signal, error), false);
    controller.abort("reason");
    assertEquals(isAbortOf(controller.signal, error), isAbort);
  });
}
