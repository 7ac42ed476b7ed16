// Copyright 2026 the Tidings authors. MIT license.

/**
 * `EventSource` calls plain listeners by itself. Whatever was registered, that must
 * not be seen: each row does the same with an `EventTarget` and is to log the same.
 */

import { assertEquals } from "@std/assert";
import { EventSource } from "../client.ts";
import { OpenStream } from "./_event_server.ts";

type Log = (entry: string) => void;

const ROWS: Record<string, (target: EventTarget, log: Log) => void> = {
  "one listener": (target, log) => {
    target.addEventListener("tick", () => log("a"));
  },
  "two listeners in their order": (target, log) => {
    target.addEventListener("tick", () => log("a"));
    target.addEventListener("tick", () => log("b"));
  },
  "the same listener twice": (target, log) => {
    const listener = () => log("a");
    target.addEventListener("tick", listener);
    target.addEventListener("tick", listener);
    target.addEventListener("tick", listener, true);
    target.addEventListener("tick", listener, { passive: true });
  },
  "a listener that was removed": (target, log) => {
    const listener = () => log("a");
    target.addEventListener("tick", listener);
    target.removeEventListener("tick", listener);
    target.addEventListener("tick", () => log("b"));
  },
  "a removal with another capture": (target, log) => {
    const listener = () => log("a");
    target.addEventListener("tick", listener);
    target.removeEventListener("tick", listener, true);
    target.removeEventListener("tick", listener, { capture: true });
  },
  "a listener that removes the next": (target, log) => {
    const next = () => log("never");
    target.addEventListener("tick", () => {
      log("a");
      target.removeEventListener("tick", next);
    });
    target.addEventListener("tick", next);
    target.addEventListener("tick", () => log("b"));
  },
  "a listener that adds one": (target, log) => {
    const late = () => log("late");
    target.addEventListener("tick", () => {
      log("a");
      target.addEventListener("tick", late);
    });
  },
  "a listener that adds one that only the platform can call": (target, log) => {
    target.addEventListener("tick", () => {
      log("a");
      target.addEventListener("tick", () => log("late"), { once: true });
    });
    target.addEventListener("tick", () => log("b"));
  },
  "once": (target, log) => {
    target.addEventListener("tick", () => log("a"), { once: true });
    target.addEventListener("tick", () => log("b"));
  },
  "a signal": (target, log) => {
    const controller = new AbortController();
    target.addEventListener("tick", () => {
      log("a");
      controller.abort();
    });
    target.addEventListener("tick", () => log("b"), {
      signal: controller.signal,
    });
  },
  "capture comes first": (target, log) => {
    target.addEventListener("tick", () => log("b"));
    target.addEventListener("tick", () => log("a"), true);
  },
  "an object": (target, log) => {
    target.addEventListener("tick", () => log("a"));
    target.addEventListener("tick", {
      handleEvent(this: unknown, event) {
        log(`${this === event.currentTarget} ${event.type}`);
      },
    });
  },
  "no listener": (target) => {
    target.addEventListener("tick", null);
  },
  "stopImmediatePropagation()": (target, log) => {
    target.addEventListener("tick", (event) => {
      log("a");
      event.stopImmediatePropagation();
    });
    target.addEventListener("tick", () => log("never"));
  },
  "stopPropagation()": (target, log) => {
    target.addEventListener("tick", (event) => {
      log("a");
      event.stopPropagation();
    });
    target.addEventListener("tick", () => log("b"));
  },
  "this and the event": (target, log) => {
    target.addEventListener("tick", function (this: unknown, event) {
      log(`${this === target} ${event.target === target}`);
      log(`${event.currentTarget === target} ${event.eventPhase}`);
      log(`${event.composedPath().length} ${event.defaultPrevented}`);
    });
  },
  "a listener that throws": (target, log) => {
    target.addEventListener("tick", () => {
      log("a");
      throw new Error("expected");
    });
    target.addEventListener("tick", () => log("b"));
  },
};

for (const [name, register] of Object.entries(ROWS)) {
  Deno.test(`EventSource listens like an EventTarget: ${name}`, async () => {
    const expected: string[] = [];
    const actual: string[] = [];
    const prevent = (event: ErrorEvent) => event.preventDefault();
    globalThis.addEventListener("error", prevent);
    try {
      const target = new EventTarget();
      register(target, (entry) => expected.push(entry));
      for (let i = 0; i < 3; i++) {
        target.dispatchEvent(new MessageEvent("tick"));
      }

      const stream = new OpenStream(
        "event: tick\ndata: a\n\n".repeat(3),
        "event: end\ndata: a\n\n",
      );
      const source = new EventSource("http://a", {
        fetch: () => Promise.resolve(stream.response),
      });
      register(source, (entry) => actual.push(entry));
      await new Promise((resolve) => source.addEventListener("end", resolve));
      source.close();
      // What was thrown is reported in a task of its own, perhaps.
      await new Promise((resolve) => setTimeout(resolve, 0));
    } finally {
      globalThis.removeEventListener("error", prevent);
    }
    assertEquals(actual, expected);
  });
}

Deno.test("EventSource goes on after a listener that throws, whoever calls it", async () => {
  const prevent = (event: ErrorEvent) => event.preventDefault();
  globalThis.addEventListener("error", prevent);
  try {
    const stream = new OpenStream("event: tick\ndata: a\n\ndata: b\n\n");
    const source = new EventSource("http://a", {
      fetch: () => Promise.resolve(stream.response),
    });
    const called: string[] = [];
    for (const type of ["open", "tick"]) {
      source.addEventListener(type, () => {
        called.push(type);
        throw new Error("expected");
      }, { once: true });
    }
    await new Promise((resolve) => source.addEventListener("message", resolve));
    source.close();
    assertEquals(called, ["open", "tick"]);
    // What was thrown is reported in a task of its own, perhaps.
    await new Promise((resolve) => setTimeout(resolve, 0));
  } finally {
    globalThis.removeEventListener("error", prevent);
  }
});
