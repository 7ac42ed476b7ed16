// Copyright 2026 the Tidings authors. MIT license.

/** What Web IDL says of the interface, before any byte is sent. */

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { quote } from "../../_validate.ts";
import { EventSource, type EventSourceInit } from "../../client.ts";
import { withLocation } from "../support/location.ts";

const NEVER: EventSourceInit = { fetch: () => new Promise(() => {}) };

/** Makes one that sends nothing, for what `check` wants to see. */
function withSource(
  check: (source: EventSource) => void,
  url: string | URL = "http://a/b",
  init: EventSourceInit = NEVER,
): void {
  const source = new EventSource(url, init);
  try {
    check(source);
  } finally {
    source.close();
  }
}

for (
  const [name, value] of [["CONNECTING", 0], ["OPEN", 1], [
    "CLOSED",
    2,
  ]] as const
) {
  Deno.test(`EventSource.${name} is a constant, of the class and of its prototype`, () => {
    for (const holder of [EventSource, EventSource.prototype]) {
      assertEquals(Object.getOwnPropertyDescriptor(holder, name), {
        value,
        writable: false,
        enumerable: true,
        configurable: false,
      });
    }
    withSource((source) => {
      assertEquals(source[name], value);
      assertEquals(Object.hasOwn(source, name), false);
    });
  });
}

Deno.test("EventSource has the members of the interface, enumerable", () => {
  const members: string[] = [];
  for (const name in EventSource.prototype) members.push(name);
  for (
    const name of [
      "url",
      "withCredentials",
      "readyState",
      "onopen",
      "onmessage",
      "onerror",
      "close",
    ]
  ) {
    assertEquals(members.includes(name), true, name);
  }
  assertEquals(EventSource.length, 1);
  assertEquals(EventSource.name, "EventSource");
  assertEquals(EventSource.prototype.close.length, 0);
  withSource((source) => {
    assertEquals(String(source), "[object EventSource]");
    assertEquals(source instanceof EventTarget, true);
  });
});

Deno.test("EventSource can replace the global one", () => {
  const original = globalThis.EventSource;
  try {
    globalThis.EventSource = EventSource;
    const source: globalThis.EventSource = new globalThis.EventSource(
      "http://127.0.0.1:9",
    );
    assertEquals(source.readyState, globalThis.EventSource.CONNECTING);
    source.close();
  } finally {
    globalThis.EventSource = original;
  }
});

Deno.test("EventSource attributes are read-only, and refuse another this", () => {
  withSource((source) => {
    for (const name of ["url", "withCredentials", "readyState"] as const) {
      assertThrows(() => Object.assign(source, { [name]: 1 }), TypeError);
      assertThrows(() => EventSource.prototype[name], TypeError);
    }
    assertThrows(
      () => EventSource.prototype.close.call({} as never),
      TypeError,
    );
  });
});

Deno.test("EventSource must be called with new and an argument", () => {
  // deno-lint-ignore no-explicit-any -- what types forbid.
  const Untyped = EventSource as any;
  assertThrows(() => Untyped("http://a"), TypeError);
  assertThrows(
    () => new Untyped(),
    TypeError,
    "Cannot connect: expected a URL, got no argument",
  );
  assertThrows(() => new Untyped(Symbol("a"), NEVER), TypeError);
});

for (const init of [1, "init", true, Symbol.iterator, 1n]) {
  Deno.test(`EventSource throws TypeError if its dictionary is ${String(init)}`, () => {
    assertThrows(
      // Before the URL is looked at.
      () => new EventSource("http://:bogus", init as EventSourceInit),
      TypeError,
      `Cannot connect: expected "init" to be an object, got ${quote(init)}`,
    );
  });
}

for (const init of [undefined, null, {}, () => {}]) {
  Deno.test(`EventSource takes ${typeof init} ${String(init)} for a dictionary`, () => {
    withSource(
      (source) => assertEquals(source.withCredentials, false),
      "http://127.0.0.1:9",
      init as EventSourceInit,
    );
  });
}

for (const value of [true, 1, "false", {}, undefined, null, 0, ""]) {
  Deno.test(`EventSource converts withCredentials ${JSON.stringify(value)}`, () => {
    const init = { ...NEVER, withCredentials: value as boolean };
    withSource(
      (source) => assertEquals(source.withCredentials, Boolean(value)),
      "http://a",
      init,
    );
  });
}

for (
  const [url, expected] of [
    ["http://a", "http://a/"],
    ["HTTP://A/é?ü#x", "http://a/%C3%A9?%C3%BC#x"],
    [new URL("http://a/b"), "http://a/b"],
    [{ toString: () => "http://a/c" } as URL, "http://a/c"],
    ["  http://a/d\n", "http://a/d"],
  ] as const
) {
  Deno.test(`EventSource converts the URL ${JSON.stringify(String(url))}`, () => {
    withSource((source) => assertEquals(source.url, expected), url);
  });
}

for (const url of ["", "/events", "http://this is invalid/", "http://a:b/"]) {
  Deno.test(`EventSource throws a SyntaxError DOMException for the URL ${JSON.stringify(url)}`, () => {
    const error = assertThrows(() => new EventSource(url, NEVER), DOMException);
    assertEquals(error.name, "SyntaxError");
    assertEquals(error.code, 12);
  });
}

Deno.test("EventSource resolves a relative URL against location", async () => {
  await withLocation("http://a/pages/index.html", () => {
    withSource((source) => assertEquals(source.url, "http://a/e?x"), "../e?x");
    withSource(
      (source) => assertEquals(source.url, "http://a/pages/index.html"),
      "",
    );
  });
});

for (const type of ["open", "message", "error"] as const) {
  const attribute = `on${type}` as const;

  Deno.test(`EventSource ${attribute} is an accessor by its name, and refuses another this`, () => {
    const { prototype } = EventSource;
    const descriptor = Object.getOwnPropertyDescriptor(prototype, attribute);
    const { get, set, enumerable, configurable } = descriptor ?? {};
    assertEquals([get?.name, set?.name, enumerable, configurable], [
      `get ${attribute}`,
      `set ${attribute}`,
      true,
      true,
    ]);
    for (const other of [prototype, new EventTarget(), {}, undefined]) {
      assertThrows(() => get?.call(other), TypeError);
      assertThrows(() => set?.call(other, () => {}), TypeError);
    }
  });

  Deno.test(`EventSource ${attribute} holds objects, anything else becomes null`, () => {
    withSource((source) => {
      assertEquals(source[attribute], null);
      const object = {};
      const call = () => {};
      for (
        const [value, expected] of [
          [call, call],
          [object, object],
          ["text", null],
          [undefined, null],
          [call, call],
          [null, null],
        ]
      ) {
        source[attribute] = value as () => void;
        assertStrictEquals(source[attribute] as unknown, expected);
      }
    });
  });

  Deno.test(`EventSource ${attribute} keeps its position when it is replaced, not when it was null`, () => {
    withSource((source) => {
      const calls: string[] = [];
      source[attribute] = () => calls.push("never");
      source.addEventListener(type, () => calls.push("listener"));
      source[attribute] = () => calls.push("replaced");
      source.dispatchEvent(new Event(type));
      source[attribute] = null;
      source.dispatchEvent(new Event(type));
      source[attribute] = () => calls.push("last");
      source.dispatchEvent(new Event(type));
      assertEquals(calls, [
        "replaced",
        "listener",
        "listener",
        "listener",
        "last",
      ]);
    });
  });

  Deno.test(`EventSource ${attribute} is called on the target with the event`, () => {
    withSource((source) => {
      const event = new Event(type, { cancelable: true });
      const calls: unknown[][] = [];
      source[attribute] = function (...args) {
        calls.push([this, ...args]);
        return false;
      };
      assertEquals(source.dispatchEvent(event), false);
      assertEquals(calls.length, 1);
      assertStrictEquals(calls[0]![0], source);
      assertStrictEquals(calls[0]![1], event);
    });
  });

  Deno.test(`EventSource ${attribute} does nothing with an object that cannot be called`, () => {
    withSource((source) => {
      const handleEvent = () => {
        throw new Error("unreachable");
      };
      source[attribute] = { handleEvent } as unknown as () => void;
      source.dispatchEvent(new Event(type));
    });
  });
}

Deno.test("EventSource has its name as the tag of its prototype", () => {
  const { prototype } = EventSource;
  assertEquals(
    Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag),
    {
      value: "EventSource",
      writable: false,
      enumerable: false,
      configurable: true,
    },
  );
});
