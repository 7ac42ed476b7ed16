// Copyright 2026 the Tidings authors. MIT license.

/** Events of the socket's protocol, right and wrong. */

import type { Random } from "../support/random.ts";

const NUMBERS = [
  "0",
  "1",
  "-1",
  "0.5",
  "20",
  "100",
  "1e999",
  "-1e999",
  "null",
  '"1"',
  "{}",
  "[]",
  "true",
  "2147483647",
  "2147483648",
  "9007199254740991",
  "1e300",
];
const CODES = [
  "0",
  "999",
  "1000",
  "1001",
  "1002",
  "1004",
  "1005",
  "1006",
  "1011",
  "1015",
  "3000",
  "4999",
  "5000",
  "-1",
  "1000.5",
  "null",
  '"1000"',
  "1e999",
];
const REASONS = [
  '""',
  '"a"',
  '"é"',
  "null",
  "1",
  '"\\ud800"',
  `"${"é".repeat(70)}"`,
];
const IDS = ["", "0", "1", "2", "-1", "x", "1e3", "999999999999999", "\u0001"];
const DATA = [
  "",
  "a",
  "é\n",
  "YQ==",
  "YQ=",
  '"a"',
  '"\\u0000"',
  '"\\ud800"',
  "{",
  "null",
];
const TYPES = [
  "open",
  "close",
  "message",
  "escaped",
  "binary",
  "other",
  "\u0000",
];
const PIECES = [
  "\n",
  "\n\n",
  "\r",
  ":",
  "id",
  "id: 7\n",
  "retry: 0\n",
  "data",
  "\ufeff",
  "\u0000",
  "é",
  '"',
  "}",
  "9",
];

/** Makes an `open` event with the members as they are given in JSON. */
export function openEvent(random: Random): string {
  const right = random.below(4) > 0;
  const number = (text: string) =>
    right || random.onceIn(2) ? text : random.pick(NUMBERS);
  const members = [
    `"session":${right ? '"s"' : random.pick(['"s"', "1", '""', '"a\\nb"'])}`,
    `"protocol":${right ? '""' : random.pick(['""', '"a"', "null"])}`,
    `"sessionTimeout":${number("50")}`,
    `"maxBatchSize":${number(random.pick(["1", "100", "100000"]))}`,
    `"acknowledgeAfter":${number(random.pick(["1", "100", "100000"]))}`,
  ];
  return `event: open\ndata: {${members.join()}}\n\n`;
}

/** Makes a `close` event. */
export function closeEvent(random: Random, id: number | string): string {
  const data = `{"code":${random.pick(CODES)},"reason":${
    random.pick(REASONS)
  }}`;
  return `event: close\ndata: ${data}\nid: ${id}\n\n`;
}

/** Makes some events: mostly right ones that count from `first`, then others. */
export function eventsFrom(random: Random, first: number): string {
  let text = "";
  let id = first;
  for (let count = random.below(8); count > 0; count--) {
    const kind = random.below(20);
    if (kind < 12) text += rightMessage(random, id++);
    else if (kind < 14) text += closeEvent(random, id++);
    else if (kind < 15) text += openEvent(random);
    else if (kind < 16) {
      text += random.pick([
        "retry: 0\n\n",
        "retry: 9999999999\n\n",
        "id: 7\n\n",
        ":\n\n",
      ]);
    } else if (kind < 18) text += mutate(random, rightMessage(random, id++));
    else text += anyEvent(random);
  }
  return random.onceIn(4) ? mutate(random, text) : text;
}

function rightMessage(random: Random, id: number): string {
  return random.pick([
    `data: ${"a".repeat(random.below(300))}\nid: ${id}\n\n`,
    `event: escaped\ndata: "a\\n"\nid: ${id}\n\n`,
    `event: binary\ndata: YQ==\nid: ${id}\n\n`,
  ]);
}

function anyEvent(random: Random): string {
  const data = random.pick(DATA).split("\n").join("\ndata: ");
  return `event: ${random.pick(TYPES)}\ndata: ${data}\nid: ${
    random.pick(IDS)
  }\n\n`;
}

/** Changes a few characters of a text. */
export function mutate(random: Random, text: string): string {
  for (let count = 1 + random.below(3); count > 0; count--) {
    const start = random.below(text.length + 1);
    const end = start + random.below(4);
    const piece = random.pick([
      random.pick(PIECES),
      "",
      text.slice(start, start + 20),
    ]);
    text = text.slice(0, start) + piece + text.slice(end);
  }
  return text;
}
