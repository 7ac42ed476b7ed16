// Copyright 2026 the Tidings authors. MIT license.

/** What `json` may not be, and what a refusal says. */

import type { ServerSentEventInit } from "../../event.ts";

/** An event that is refused. */
export interface BadJsonRow {
  /** What is wrong with it. */
  name: string;
  init: ServerSentEventInit;
  /** What the message says after "Cannot encode event: ". */
  message: string;
}

const cycle: Record<string, unknown> = {};
cycle["self"] = cycle;

/** All rows. */
export const BAD_JSON_ROWS: readonly BadJsonRow[] = [
  {
    name: "data and json",
    init: { data: "1", json: 1 },
    message: 'it has "data" and "json", one of them is wanted',
  },
  {
    name: "empty data and json that is null",
    init: { data: "", json: null },
    message: 'it has "data" and "json", one of them is wanted',
  },
  {
    name: "json that is undefined",
    init: { event: "tick", json: undefined },
    message:
      '"json" is of type undefined, a value that JSON has a text for is wanted',
  },
  {
    name: "json that is a function",
    init: { json: () => 1 },
    message:
      '"json" is of type function, a value that JSON has a text for is wanted',
  },
  {
    name: "json that is a symbol",
    init: { json: Symbol("a") },
    message:
      '"json" is of type symbol, a value that JSON has a text for is wanted',
  },
  {
    name: "json whose toJSON() gives nothing",
    init: { json: { toJSON: () => undefined } },
    message:
      '"json" is of type object, a value that JSON has a text for is wanted',
  },
  {
    name: "json with a cycle",
    init: { json: cycle },
    message: '"json" has no text, see the cause',
  },
  {
    name: "json with a BigInt",
    init: { json: { a: 1n } },
    message: '"json" has no text, see the cause',
  },
  {
    name: "json whose getter throws",
    init: {
      json: {
        get a(): never {
          throw new RangeError("No");
        },
      },
    },
    message: '"json" has no text, see the cause',
  },
];
