// Copyright 2026 the Tidings authors. MIT license.

/** The checks of options, and the messages of their errors. */

import { assertEquals, assertThrows } from "@std/assert";
import {
  assertInteger,
  assertLimit,
  assertName,
  assertNumber,
  assertReturnableId,
  assertString,
  describeMismatch,
  findIdFault,
  findNearestName,
  quote,
} from "../../_validate.ts";

const a = (length: number) => "a".repeat(length);

const QUOTED: [what: string, value: unknown, quoted: string][] = [
  ["undefined", undefined, "undefined"],
  ["null", null, "null"],
  ["a boolean", false, "false"],
  ["a number", 1.5, "1.5"],
  ["NaN", NaN, "NaN"],
  ["Infinity", -Infinity, "-Infinity"],
  ["a bigint", 10n, "10n"],
  ["a symbol", Symbol("secret"), "a symbol"],
  ["a function", () => {}, "a function"],
  ["a class", class {}, "a function"],
  ["an object", { toString: () => "secret" }, "an object"],
  ["an object without a prototype", Object.create(null), "an object"],
  ["an array", ["secret"], "an array"],
  ["an empty string", "", '""'],
  ["a string", "10", '"10"'],
  ["quotes and line breaks", 'a"\r\n\0', String.raw`"a\"\r\n\u0000"`],
  ["a lone surrogate", "\ud83d", String.raw`"\ud83d"`],
  ["40 code units", a(40), `"${a(40)}"`],
  ["41 code units", a(41), `"${a(40)}…"`],
  ["a pair that ends at 40", `${a(38)}😀`, `"${a(38)}😀"`],
  ["a pair that ends at 40, and more", `${a(38)}😀a`, `"${a(38)}😀…"`],
  ["a pair that begins at 40", `${a(39)}😀`, `"${a(39)}…"`],
  ["a pair that begins at 40, and more", `${a(39)}😀a`, `"${a(39)}…"`],
  ["a lone surrogate at 40", `${a(39)}\ud83da`, `"${a(39)}\\ud83d…"`],
];

for (const [what, value, quoted] of QUOTED) {
  Deno.test(`quote() shows ${what}`, () => {
    assertEquals(quote(value), quoted);
    assertEquals(
      describeMismatch("open shop", "hours", "short", value),
      `Cannot open shop: expected "hours" to be short, got ${quoted}`,
    );
  });
}

type Check = (value: never) => void;

const REFUSED: [
  check: Check,
  value: unknown,
  type: typeof TypeError | typeof RangeError,
  message: string,
][] = [
  [
    (value) => assertNumber("wait", "delay", value, 0, 10),
    11,
    RangeError,
    'Cannot wait: expected "delay" to be a number from 0 to 10, got 11',
  ],
  [
    (value) => assertNumber("wait", "delay", value, 0.5),
    0.4,
    RangeError,
    'Cannot wait: expected "delay" to be a number of at least 0.5, got 0.4',
  ],
  [
    (value) => assertNumber("wait", "delay", value, 0),
    NaN,
    RangeError,
    'Cannot wait: expected "delay" to be a number of at least 0, got NaN',
  ],
  [
    (value) => assertNumber("wait", "delay", value, 0),
    "1",
    TypeError,
    'Cannot wait: expected "delay" to be a number of at least 0, got "1"',
  ],
  [
    (value) => assertNumber("wait", "delay", value, 0),
    Symbol(),
    TypeError,
    'Cannot wait: expected "delay" to be a number of at least 0, got a symbol',
  ],
  [
    (value) => assertInteger("pack", "level", value, 1, 9),
    10,
    RangeError,
    'Cannot pack: expected "level" to be an integer from 1 to 9, got 10',
  ],
  [
    (value) => assertInteger("pack", "level", value, 1, 9),
    1.5,
    RangeError,
    'Cannot pack: expected "level" to be an integer from 1 to 9, got 1.5',
  ],
  [
    (value) => assertInteger("pack", "level", value, 1),
    Infinity,
    RangeError,
    'Cannot pack: expected "level" to be an integer of at least 1, got Infinity',
  ],
  [
    (value) => assertInteger("pack", "level", value, 1),
    2n,
    TypeError,
    'Cannot pack: expected "level" to be an integer of at least 1, got 2n',
  ],
  [
    (value) => assertLimit("make log", "maxEvents", value, 1),
    0,
    RangeError,
    'Cannot make log: expected "maxEvents" to be an integer of at least 1, or Infinity, got 0',
  ],
  [
    (value) => assertLimit("make log", "maxEvents", value, 1),
    2 ** 53,
    RangeError,
    'Cannot make log: expected "maxEvents" to be an integer of at least 1, or Infinity, got 9007199254740992',
  ],
  [
    (value) => assertLimit("make log", "maxEvents", value, 1),
    null,
    TypeError,
    'Cannot make log: expected "maxEvents" to be an integer of at least 1, or Infinity, got null',
  ],
  [
    (value) => assertString("publish", "topic", value),
    7,
    TypeError,
    'Cannot publish: expected "topic" to be a string, got 7',
  ],
  [
    (value) => assertName("publish", "topic", value),
    undefined,
    TypeError,
    'Cannot publish: expected "topic" to be a string, got undefined',
  ],
  [
    (value) => assertName("publish", "topic", value),
    "a\udc00",
    TypeError,
    'Cannot publish: expected "topic" to be text without a lone surrogate, got "a\\udc00"',
  ],
  [
    (value) => assertReturnableId("publish", value),
    "a\tb",
    TypeError,
    'Cannot publish: expected "id" to be text without a control character and without a space at either end, got "a\\tb"',
  ],
];

for (const [check, value, type, message] of REFUSED) {
  Deno.test(`_validate.ts: ${message}`, () => {
    const error = assertThrows(() => check(value as never), type);
    assertEquals(error.message, message);
  });
}

Deno.test("assertNumber() accepts both ends of its range", () => {
  for (const value of [0, 0.5, 10]) assertNumber("wait", "delay", value, 0, 10);
  assertNumber("wait", "delay", Infinity, 0);
});

Deno.test("assertInteger() accepts both ends of its range", () => {
  for (const value of [1, 9]) assertInteger("pack", "level", value, 1, 9);
  assertInteger("pack", "level", Number.MAX_SAFE_INTEGER, 1);
});

Deno.test("assertLimit() accepts an integer and Infinity", () => {
  for (const value of [1, 2, Infinity]) {
    assertLimit("make log", "maxEvents", value, 1);
  }
});

Deno.test("assertName() accepts any well-formed text", () => {
  for (const value of ["", "a b", "\0", "😀"]) {
    assertName("publish", "topic", value);
  }
});

const CONTROL =
  "text without a control character and without a space at either end";
const LONG = "text of at most 1024 bytes of UTF-8";

const IDS: [what: string, id: string, fault: string | undefined][] = [
  ["an empty ID", "", undefined],
  ["a space within", "a b", undefined],
  ["a space at the start", " a", CONTROL],
  ["a space at the end", "a ", CONTROL],
  ["a tab", "a\tb", CONTROL],
  ["U+0000", "\0", CONTROL],
  ["U+007F", "\x7f", CONTROL],
  ["a lone surrogate", "\ud83d", "text without a lone surrogate"],
  ["1024 characters of one byte", a(1024), undefined],
  ["1025 characters of one byte", a(1025), LONG],
  ["512 characters of two bytes", "é".repeat(512), undefined],
  ["513 characters of two bytes", "é".repeat(513), LONG],
  ["256 characters of four bytes", "😀".repeat(256), undefined],
  ["342 characters of three bytes", "語".repeat(342), LONG],
];

for (const [what, id, fault] of IDS) {
  Deno.test(`findIdFault() ${fault === undefined ? "accepts" : "finds"} ${what}`, () => {
    assertEquals(findIdFault(id), fault);
  });
}

Deno.test("assertReturnableId() accepts numbers and no ID", () => {
  for (const id of [0, 1.5, undefined]) assertReturnableId("publish", id);
});

const NAMES = ["retry", "keepAlive", "maxEventSize", "id", "cors"];

const NEAREST: [name: string, nearest: string | undefined][] = [
  ["retry", "retry"],
  ["retrie", "retry"],
  ["rety", "retry"],
  ["retyr", "retry"],
  ["ertry", "retry"],
  ["keepalive", "keepAlive"],
  ["KEEP_ALIVE", "keepAlive"],
  ["maxEventsSize", "maxEventSize"],
  ["maxEventLength", undefined],
  ["Id", "id"],
  ["di", "id"],
  ["ids", "id"],
  ["uuid", undefined],
  ["core", "cors"],
  ["", undefined],
  ["timeout", undefined],
];

for (const [name, nearest] of NEAREST) {
  Deno.test(`findNearestName() finds ${nearest} for ${JSON.stringify(name)}`, () => {
    assertEquals(findNearestName(name, NAMES), nearest);
  });
}

Deno.test("findNearestName() prefers the name with the fewest edits, then the first", () => {
  assertEquals(findNearestName("topics", ["topicss", "topics"]), "topics");
  assertEquals(findNearestName("topis", ["topic", "topics"]), "topic");
});

Deno.test("findNearestName() does not compare names of very different lengths", () => {
  const long = {
    length: 1000,
    toLowerCase: () => {
      throw new Error("compared");
    },
  } as unknown as string;
  assertEquals(findNearestName(long, NAMES), undefined);
  assertEquals(findNearestName("id", [long]), undefined);
  assertThrows(() => findNearestName(long, [long]), Error, "compared");
});
