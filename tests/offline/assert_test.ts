// Copyright 2026 the Tidings authors. MIT license.

/**
 * What assertions decide: the real package where it is there, and what stands in for it.
 *
 * @module
 */

import * as real from "@std/assert";
import * as standIn from "./assert.ts";

type Assert = Pick<typeof real, keyof typeof standIn>;

/** What an assertion does: it passes, or what it throws has this name. */
type Outcome = "passes" | "AssertionError" | "TypeError";

type Row = [
  name: string,
  run: (assert: Assert) => unknown,
  outcome: Outcome,
];

class Point {
  #hidden: number;
  x = 1;
  constructor(hidden = 0) {
    this.#hidden = hidden;
  }
  get hidden(): number {
    return this.#hidden;
  }
}

class OtherPoint {
  x = 1;
}

const same = new Error("same");
const circle: { self?: unknown } = {};
circle.self = circle;
const otherCircle: { self?: unknown } = {};
otherCircle.self = otherCircle;
const map = (...entries: [unknown, unknown][]) => new Map(entries);
const bare = (members: object) => Object.assign(Object.create(null), members);
const later = (value: unknown) => Promise.resolve(value);
const reject = (error: unknown) => Promise.reject(error);

/** Values, and whether they are equal. */
const EQUALITY: [name: string, a: unknown, b: unknown, isEqual: boolean][] = [
  ["numbers", 1, 1, true],
  ["other numbers", 1, 2, false],
  ["0 and -0", 0, -0, true],
  ["0 and -0 inside", [0, { a: 0 }], [-0, { a: -0 }], true],
  ["NaN", NaN, NaN, true],
  ["a number and its text", 1, "1", false],
  ["null and undefined", null, undefined, false],
  ["bigints", 1n, 1n, true],
  ["symbols", Symbol("a"), Symbol("a"), false],
  ["functions", () => 1, () => 1, false],
  ["plain objects", { a: 1, b: [2] }, { b: [2], a: 1 }, true],
  ["objects with another member", { a: 1 }, { a: 2 }, false],
  ["objects with one member more", { a: 1 }, { a: 1, b: 2 }, false],
  ["a member that is undefined", { a: undefined }, {}, false],
  ["another that is undefined", { a: undefined }, { b: undefined }, false],
  ["symbol keys", { [Symbol.iterator]: 1 }, { [Symbol.iterator]: 2 }, false],
  ["no prototype", bare({ a: 1 }), { a: 1 }, true],
  ["no prototype, the other way", { a: 1 }, bare({ a: 1 }), true],
  ["no prototype, another member", bare({ a: 1 }), { a: 2 }, false],
  ["an array and an object", [1], { 0: 1 }, false],
  ["arrays in another order", [1, 2], [2, 1], false],
  ["a hole and undefined", [, 1], [undefined, 1], false],
  ["of one class", new Point(), new Point(), true],
  ["of two classes", new Point(), new OtherPoint(), false],
  ["a class and a plain object", new Point(), { x: 1 }, false],
  ["what a getter gives", new Point(1), new Point(2), false],
  ["the same error", same, same, true],
  ["errors made apart", new Error("a"), new Error("a"), false],
  ["errors inside", { a: new Error("a") }, { a: new Error("a") }, false],
  ["errors of two classes", new Error("a"), new TypeError("a"), false],
  ["dates", new Date(5), new Date(5), true],
  ["other dates", new Date(5), new Date(6), false],
  ["invalid dates", new Date(NaN), new Date(NaN), true],
  ["patterns", /a/g, /a/g, true],
  ["patterns with other flags", /a/g, /a/, false],
  ["URLs", new URL("http://a/b"), new URL("http://a/b"), true],
  ["other URLs", new URL("http://a/b"), new URL("http://a/c"), false],
  [
    "queries",
    new URLSearchParams("a=1"),
    new URLSearchParams("a=2"),
    false,
  ],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 2]), true],
  ["other bytes", new Uint8Array([1, 2]), new Uint8Array([1, 3]), false],
  ["fewer bytes", new Uint8Array([1, 2]), new Uint8Array([1]), false],
  [
    "bytes and clamped bytes",
    new Uint8Array(1),
    new Uint8ClampedArray(1),
    false,
  ],
  ["floats of 0 and -0", new Float64Array([0]), new Float64Array([-0]), true],
  [
    "floats that are NaN",
    new Float64Array([NaN]),
    new Float64Array([NaN]),
    true,
  ],
  ["buffers", new Uint8Array([1]).buffer, new Uint8Array([1]).buffer, true],
  [
    "other buffers",
    new Uint8Array([1]).buffer,
    new Uint8Array(1).buffer,
    false,
  ],
  ["sets in another order", new Set([1, 2]), new Set([2, 1]), true],
  ["other sets", new Set([1, 2]), new Set([1, 3]), false],
  ["a smaller set", new Set([1, 2]), new Set([1]), false],
  ["sets of objects", new Set([{ a: 1 }]), new Set([{ a: 1 }]), true],
  ["sets of other objects", new Set([{ a: 1 }]), new Set([{ a: 2 }]), false],
  ["maps in another order", map([1, 2], [3, 4]), map([3, 4], [1, 2]), true],
  ["maps with another value", map([1, { a: 1 }]), map([1, { a: 2 }]), false],
  ["maps with another key", map([1, 2]), map([2, 2]), false],
  ["maps by objects", map([{ a: 1 }, 1]), map([{ a: 1 }, 1]), true],
  ["maps by other objects", map([{ a: 1 }, 1]), map([{ a: 2 }, 1]), false],
  ["a map and a set", map(), new Set(), false],
  ["circles", circle, otherCircle, true],
  ["a circle and what is none", circle, { self: {} }, false],
  ["boxed numbers", Object(1), Object(1), true],
];

const ROWS: Row[] = [
  ...EQUALITY.flatMap(([name, a, b, isEqual]): Row[] => [
    [
      `assertEquals() of ${name}`,
      ({ assertEquals }) => assertEquals(a, b),
      isEqual ? "passes" : "AssertionError",
    ],
    [
      `assertNotEquals() of ${name}`,
      ({ assertNotEquals }) => assertNotEquals(a, b),
      isEqual ? "AssertionError" : "passes",
    ],
  ]),
  [
    "assertEquals() of weak maps",
    ({ assertEquals }) => assertEquals(new WeakMap(), new WeakMap()),
    "TypeError",
  ],
  [
    "assertEquals() of weak sets",
    ({ assertEquals }) => assertEquals(new WeakSet(), new WeakSet()),
    "TypeError",
  ],
  ["assert() of 1", (a) => a.assert(1), "passes"],
  ["assert() of the empty text", (a) => a.assert(""), "AssertionError"],
  ["assert() of an empty list", (a) => a.assert([]), "passes"],
  ["assertFalse() of 0", (a) => a.assertFalse(0), "passes"],
  ["assertFalse() of a text", (a) => a.assertFalse("0"), "AssertionError"],
  [
    "assertStrictEquals() of 0 and -0",
    ({ assertStrictEquals }) => assertStrictEquals(0, -0),
    "AssertionError",
  ],
  [
    "assertStrictEquals() of NaN",
    ({ assertStrictEquals }) => assertStrictEquals(NaN, NaN),
    "passes",
  ],
  [
    "assertStrictEquals() of two objects",
    ({ assertStrictEquals }) => assertStrictEquals({}, {}),
    "AssertionError",
  ],
  ["assertExists() of 0", (a) => a.assertExists(0), "passes"],
  ["assertExists() of the empty text", (a) => a.assertExists(""), "passes"],
  ["assertExists() of null", (a) => a.assertExists(null), "AssertionError"],
  [
    "assertExists() of undefined",
    (a) => a.assertExists(undefined),
    "AssertionError",
  ],
  [
    "assertInstanceOf() of a subclass",
    ({ assertInstanceOf }) => assertInstanceOf(new TypeError(), Error),
    "passes",
  ],
  [
    "assertInstanceOf() of another class",
    ({ assertInstanceOf }) => assertInstanceOf(new Error(), TypeError),
    "AssertionError",
  ],
  [
    "assertStringIncludes() of nothing",
    ({ assertStringIncludes }) => assertStringIncludes("a", ""),
    "passes",
  ],
  [
    "assertStringIncludes() of what is lacking",
    ({ assertStringIncludes }) => assertStringIncludes("a", "A"),
    "AssertionError",
  ],
  ["assertMatch() of a part", (a) => a.assertMatch("ab", /b/), "passes"],
  [
    "assertMatch() of nothing",
    (a) => a.assertMatch("ab", /^b/),
    "AssertionError",
  ],
  ["assertGreater() of equals", (a) => a.assertGreater(1, 1), "AssertionError"],
  ["assertGreater() of more", (a) => a.assertGreater(2, 1), "passes"],
  ["assertGreater() of NaN", (a) => a.assertGreater(NaN, 1), "AssertionError"],
  [
    "assertGreaterOrEqual() of equals",
    (a) => a.assertGreaterOrEqual(1, 1),
    "passes",
  ],
  [
    "assertGreaterOrEqual() of NaN",
    (a) => a.assertGreaterOrEqual(NaN, NaN),
    "AssertionError",
  ],
  ["assertLess() of equals", (a) => a.assertLess(1, 1), "AssertionError"],
  ["assertLess() of texts", (a) => a.assertLess("a", "b"), "passes"],
  ["assertLessOrEqual() of equals", (a) => a.assertLessOrEqual(1, 1), "passes"],
  [
    "assertLessOrEqual() of more",
    (a) => a.assertLessOrEqual(2, 1),
    "AssertionError",
  ],
  ["fail()", (a) => a.fail("a"), "AssertionError"],
  ...throwing(),
  ...rejecting(),
];

function throwing(): Row[] {
  const error = () => {
    throw new RangeError("it is 12");
  };
  const text = () => {
    throw "text";
  };
  return [
    ["assertThrows() of an error", (a) => a.assertThrows(error), "passes"],
    ["assertThrows() of a text", (a) => a.assertThrows(text), "passes"],
    [
      "assertThrows() of a text, with a class",
      ({ assertThrows }) => assertThrows(text, Error),
      "AssertionError",
    ],
    [
      "assertThrows() of no error",
      ({ assertThrows }) => assertThrows(() => 1),
      "AssertionError",
    ],
    [
      "assertThrows() of a rejection",
      ({ assertThrows }) => assertThrows(() => later(1)),
      "AssertionError",
    ],
    [
      "assertThrows() of a superclass",
      ({ assertThrows }) => assertThrows(error, Error),
      "passes",
    ],
    [
      "assertThrows() of another class",
      ({ assertThrows }) => assertThrows(error, TypeError),
      "AssertionError",
    ],
    [
      "assertThrows() of a part of the message",
      ({ assertThrows }) => assertThrows(error, RangeError, "12"),
      "passes",
    ],
    [
      "assertThrows() of another message",
      ({ assertThrows }) => assertThrows(error, RangeError, "13"),
      "AssertionError",
    ],
    [
      "assertThrows() of an empty message",
      ({ assertThrows }) => assertThrows(error, RangeError, ""),
      "passes",
    ],
    [
      "assertThrows() with a message of its own",
      ({ assertThrows }) => assertThrows(error, "it should"),
      "passes",
    ],
    [
      "what assertThrows() gives",
      ({ assertThrows, assertStrictEquals }) =>
        assertStrictEquals(
          assertThrows(() => {
            throw same;
          }, Error),
          same,
        ),
      "passes",
    ],
  ];
}

function rejecting(): Row[] {
  const error = () => reject(new RangeError("it is 12"));
  return [
    ["assertRejects() of an error", (a) => a.assertRejects(error), "passes"],
    [
      "assertRejects() of a text",
      ({ assertRejects }) => assertRejects(() => reject("text")),
      "passes",
    ],
    [
      "assertRejects() of a text, with a class",
      ({ assertRejects }) => assertRejects(() => reject("text"), Error),
      "AssertionError",
    ],
    [
      "assertRejects() of no rejection",
      ({ assertRejects }) => assertRejects(() => later(1)),
      "AssertionError",
    ],
    [
      "assertRejects() of what throws",
      ({ assertRejects }) =>
        assertRejects(() => {
          throw new RangeError("it is 12");
        }),
      "AssertionError",
    ],
    [
      "assertRejects() of what throws, with its class",
      ({ assertRejects }) =>
        assertRejects(() => {
          throw new RangeError("it is 12");
        }, RangeError),
      "AssertionError",
    ],
    [
      "assertRejects() of what is no promise",
      ({ assertRejects }) => assertRejects(() => 1 as never),
      "AssertionError",
    ],
    [
      "assertRejects() of what has a then()",
      ({ assertRejects }) =>
        assertRejects(() => ({
          // deno-lint-ignore no-explicit-any
          then: (_: any, refuse: any) => refuse(new Error("a")),
        })),
      "passes",
    ],
    [
      "assertRejects() of another class",
      ({ assertRejects }) => assertRejects(error, TypeError),
      "AssertionError",
    ],
    [
      "assertRejects() of a part of the message",
      ({ assertRejects }) => assertRejects(error, RangeError, "12"),
      "passes",
    ],
    [
      "assertRejects() of another message",
      ({ assertRejects }) => assertRejects(error, RangeError, "13"),
      "AssertionError",
    ],
    [
      "what assertRejects() gives",
      async ({ assertRejects, assertStrictEquals }) =>
        assertStrictEquals(
          await assertRejects(() => reject(same), Error),
          same,
        ),
      "passes",
    ],
  ];
}

async function outcomeOf(run: () => unknown): Promise<string> {
  try {
    await run();
    return "passes";
  } catch (error) {
    return (error as Error).name;
  }
}

const isOffline = real.assertEquals === standIn.assertEquals;
const packages: [name: string, assert: Assert][] = isOffline
  ? [["the stand-in", standIn]]
  : [["the stand-in", standIn], ["@std/assert", real]];

for (const [name, assert] of packages) {
  for (const [title, run, outcome] of ROWS) {
    Deno.test(`${name}: ${title}`, async () => {
      // Not an assertion: those are what is tested.
      const found = await outcomeOf(() => run(assert));
      if (found !== outcome) {
        throw new Error(`expected ${outcome}, got ${found}`);
      }
    });
  }
}
