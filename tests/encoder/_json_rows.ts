// Copyright 2026 the Tidings authors. MIT license.

/** Events whose `json` the encoder refuses, and the messages of its errors. */

import type { ServerSentEventInit } from "../../event.ts";

/** An event that is refused. */
export interface BadJsonRow {
  /** What is wrong with it. */
  name: string;
  init: ServerSentEventInit;
  /** What the message says after "Cannot encode event: ". */
  message: string;
  /** Whether JSON has thrown, so that the error has a cause. */
  hasCause?: boolean;
}

const cycle: Record<string, unknown> = {};
cycle["self"] = cycle;

/** All rows. */
export const BAD_JSON_ROWS: readonly BadJsonRow[] = [
  {
    name: "data and json",
    init: { data: "1", json: 1 },
    message: 'expected "json" to be left out beside "data", got 1',
  },
  {
    name: "empty data and json that is null",
    init: { data: "", json: null },
    message: 'expected "json" to be left out beside "data", got null',
  },
  {
    name: "json that is undefined",
    init: { event: "tick", json: undefined },
    message:
      'expected "json" to be a value that JSON can express, got undefined',
  },
  {
    name: "json that is a function",
    init: { json: () => 1 },
    message:
      'expected "json" to be a value that JSON can express, got a function',
  },
  {
    name: "json that is a symbol",
    init: { json: Symbol("a") },
    message:
      'expected "json" to be a value that JSON can express, got a symbol',
  },
  {
    name: "json whose toJSON() gives nothing",
    init: { json: { toJSON: () => undefined } },
    message:
      'expected "json" to be a value that JSON can express, got an object',
  },
  {
    name: "json with a cycle",
    init: { json: cycle },
    message:
      'expected "json" to be a value that JSON can express, got an object',
    hasCause: true,
  },
  {
    name: "json with a BigInt",
    init: { json: { a: 1n } },
    message:
      'expected "json" to be a value that JSON can express, got an object',
    hasCause: true,
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
    message:
      'expected "json" to be a value that JSON can express, got an object',
    hasCause: true,
  },
];
