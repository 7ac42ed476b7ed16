// Copyright 2026 the Tidings authors. MIT license.

/**
 * `EventSource` calls plain listeners by itself. Whatever was registered, that must
 * not be seen: each row does the same with an `EventTarget` and is to log the same.
 */

import { assertEquals, assertThrows } from "@std/assert";
import { EventSource } from "../../client.ts";
import { OpenStream } from "../support/event_server.ts";

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
  "added by way of EventTarget": (target, log) => {
    const add = EventTarget.prototype.addEventListener;
    target.addEventListener("tick", () => log("a"));
    add.call(target, "tick", () => log("b"));
  },
  "added only by way of EventTarget": (target, log) => {
    const add = EventTarget.prototype.addEventListener;
    add.call(target, "tick", () => log("a"), { once: true });
  },
  "removed by way of EventTarget": (target, log) => {
    const remove = EventTarget.prototype.removeEventListener;
    const listener = () => {
      log("a");
      remove.call(target, "tick", listener);
    };
    target.addEventListener("tick", listener);
  },
  "a listener that is removed and added again by an earlier one": (
    target,
    log,
  ) => {
    const listener = () => log("b");
    target.addEventListener("tick", () => {
      log("a");
      target.removeEventListener("tick", listener);
      target.addEventListener("tick", listener);
    });
    target.addEventListener("tick", listener);
  },
  "a listener that is added again with another option": (target, log) => {
    const listener = () => log("a");
    target.addEventListener("tick", listener);
    target.removeEventListener("tick", listener);
    target.addEventListener("tick", listener, { once: true });
  },
  "a listener that removes itself": (target, log) => {
    const listener = () => {
      log("a");
      target.removeEventListener("tick", listener);
    };
    target.addEventListener("tick", listener);
  },
  "options that are read once each": (target, log) => {
    const options = {};
    for (const name of ["capture", "once", "passive", "signal"]) {
      Object.defineProperty(options, name, { get: () => void log(name) });
    }
    target.addEventListener("tick", () => log("a"), options);
    target.removeEventListener("tick", () => {}, options);
  },
  "too few arguments": (target, log) => {
    for (const args of [[], ["tick"]]) {
      try {
        Reflect.apply(target.addEventListener, target, args);
        log("taken");
      } catch (error) {
        log(`${error instanceof TypeError}`);
      }
    }
  },
  "an event that its own listener dispatches again": (target, log) => {
    target.addEventListener("tick", (event) => {
      try {
        target.dispatchEvent(event);
        log("taken");
      } catch (error) {
        log((error as Error).name);
      }
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

Deno.test("EventSource goes on after a listener that throws, however it is called", async () => {
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

Deno.test("EventSource onmessage does not call the addEventListener of a subclass", () => {
  class Source extends EventSource {
    override addEventListener(): void {
      throw new Error("unreachable");
    }
    override removeEventListener(): void {
      throw new Error("unreachable");
    }
  }
  const source = new Source("http://a", { fetch: () => new Promise(() => {}) });
  let calls = 0;
  source.onmessage = () => calls++;
  source.dispatchEvent(new Event("message"));
  source.onmessage = null;
  source.dispatchEvent(new Event("message"));
  source.close();
  assertEquals(calls, 1);
});

Deno.test("EventSource reads each option once, withCredentials too", () => {
  const reads: string[] = [];
  const init = {};
  for (const name of ["withCredentials", "headers", "backoff", "signal"]) {
    Object.defineProperty(init, name, {
      get: () => void reads.push(name),
      enumerable: true,
    });
  }
  new EventSource("http://a", init).close();
  assertEquals(reads.sort(), [
    "backoff",
    "headers",
    "signal",
    "withCredentials",
  ]);
});

Deno.test("EventSource addEventListener works on other targets, as the platform's does", () => {
  const target = new EventTarget();
  let calls = 0;
  EventSource.prototype.addEventListener.call(
    target as never,
    "tick",
    () => calls++,
  );
  target.dispatchEvent(new Event("tick"));
  assertEquals(calls, 1);
});

for (const value of [undefined, null]) {
  Deno.test(`EventSource takes ${value} for a listener, and calls nothing`, async () => {
    const stream = new OpenStream("data: a\n\n", "data: b\n\n");
    const source = new EventSource("http://a", {
      fetch: () => Promise.resolve(stream.response),
    });
    const uncaught: unknown[] = [];
    const keep = (event: Event): void => {
      event.preventDefault();
      uncaught.push(event);
    };
    globalThis.addEventListener("error", keep);
    try {
      source.addEventListener("message", value as unknown as null);
      source.addEventListener("error", value as unknown as null, true);
      source.removeEventListener("message", value as unknown as null);
      const data: string[] = [];
      await new Promise<void>((resolve) => {
        source.onmessage = (event) => {
          if (data.push(event.data) === 2) resolve();
        };
      });
      source.close();
      await new Promise((resolve) => setTimeout(resolve, 0));
      assertEquals(data, ["a", "b"]);
      assertEquals(uncaught, []);
    } finally {
      globalThis.removeEventListener("error", keep);
    }
  });
}

for (const value of [5, "a", true, Symbol()]) {
  Deno.test(`EventSource throws TypeError at once if a listener is a ${typeof value}`, () => {
    const source = new EventSource("http://a", {
      fetch: () => Promise.reject(new TypeError("unreachable")),
    });
    source.close();
    assertThrows(
      () => source.addEventListener("message", value as unknown as null),
      TypeError,
      'Cannot listen to events: expected "listener" to be a function',
    );
  });
}
