// Copyright 2026 the Tidings authors. MIT license.

/** The fields that outlive their event: `id` and `retry`. */

import { outcomeOf } from "../support/outcome.ts";
import type { ParserRow } from "./_rows.ts";

const INTERPRETATION = "#event-stream-interpretation";
const DISPATCH = "#dispatchMessage";

/** The rows. */
export const STATE_ROWS: ParserRow[] = [...idRows(), ...retryRows()];

function idRows(): ParserRow[] {
  return [
    {
      name: "the last event ID persists",
      spec: DISPATCH,
      input: "id: 1\ndata: a\n\ndata: b\n\n",
      expected: outcomeOf([
        { data: "a", id: "1" },
        { data: "b", lastEventId: "1" },
      ]),
    },
    {
      name: "a block without data commits its id",
      spec: DISPATCH,
      input: "id: 9\n\n",
      expected: outcomeOf([], { lastEventId: "9" }),
    },
    {
      name: "an id of an earlier block is not this block's",
      spec: DISPATCH,
      input: "id: 9\n\ndata: b\n\n",
      expected: outcomeOf([{ data: "b", lastEventId: "9" }]),
    },
    {
      name: "an empty id clears the last event ID",
      spec: INTERPRETATION,
      input: "id: 1\ndata: a\n\nid\ndata: b\n\nid: 2\n\nid:\n\ndata: c\n\n",
      expected: outcomeOf([
        { data: "a", id: "1" },
        { data: "b", id: "" },
        { data: "c", lastEventId: "" },
      ]),
    },
    {
      name: "the last id field of a block wins",
      spec: INTERPRETATION,
      input: "id: 1\nid: 2\ndata: a\n\n",
      expected: outcomeOf([{ data: "a", id: "2" }]),
    },
    {
      name: "an id with U+0000 is ignored, the earlier id stays",
      spec: INTERPRETATION,
      input: "id: 1\ndata: a\n\nid: a\0b\ndata: b\n\nid: \0\n\n",
      expected: outcomeOf([
        { data: "a", id: "1" },
        { data: "b", lastEventId: "1" },
      ]),
    },
    {
      name: "an id with U+0000 leaves the id of its own block",
      spec: INTERPRETATION,
      input: "id: 1\nid: \x002\ndata: a\n\n",
      expected: outcomeOf([{ data: "a", id: "1" }]),
    },
    {
      name: "spaces of an id stay but the first",
      spec: INTERPRETATION,
      input: "id:  1 \ndata: a\n\n",
      expected: outcomeOf([{ data: "a", id: " 1 " }]),
    },
    {
      name: "an id is text, not a number",
      spec: INTERPRETATION,
      input: "id: 007\ndata: a\n\nid: café €\ndata: b\n\n",
      expected: outcomeOf([
        { data: "a", id: "007" },
        { data: "b", id: "café €" },
      ]),
    },
  ];
}

function retryRows(): ParserRow[] {
  return [
    retry("retry sets the reconnection time at the end of its line", "10", 10),
    retry("retry of zero is a time", "0", 0),
    retry("retry may have leading zeros", "0010", 10),
    retry("retry up to what timers hold is taken", "2147483647", 2147483647),
    retry("retry past what timers hold is kept", "2147483648", 2147483648),
    retry("retry of 20 digits is kept", "9".repeat(20), 1e20),
    retry("retry of 400 digits is Infinity", "9".repeat(400), Infinity),
    ignoredRetry("an exponent", "1e3"),
    ignoredRetry("a minus", "-1"),
    ignoredRetry("a plus", "+1"),
    ignoredRetry("a fraction", "1.5"),
    ignoredRetry("a base", "0x10"),
    ignoredRetry("a separator", "1_000"),
    ignoredRetry("digits of another script", "٣"),
    ignoredRetry("a superscript", "1²"),
    ignoredRetry("a second space before", " 1"),
    ignoredRetry("a space behind", "1 "),
    ignoredRetry("U+0000", "1\0"),
    ignoredRetry("a neighbour of the digits", "1/"),
    ignoredRetry("the other neighbour of the digits", "1:"),
    ignoredRetry("nothing", ""),
    {
      name: "retry without a colon is ignored",
      spec: INTERPRETATION,
      input: "retry: 7\nretry\n\n",
      expected: outcomeOf([], { reconnectionTime: 7 }),
    },
    {
      name: "retry without a space is taken",
      spec: INTERPRETATION,
      input: "retry:10\n\n",
      expected: outcomeOf([], { reconnectionTime: 10 }),
    },
    {
      name: "the last valid retry wins and persists",
      spec: INTERPRETATION,
      input: "retry: 1\nretry: 2\nretry: x\n\ndata: a\n\n",
      expected: outcomeOf([{ data: "a" }], { reconnectionTime: 2 }),
    },
    {
      name: "retry whose line has not ended is not there yet",
      spec: INTERPRETATION,
      input: "retry: 1\nretry: 2",
      expected: outcomeOf([], { reconnectionTime: 1 }),
    },
  ];
}

function retry(name: string, digits: string, time: number): ParserRow {
  return {
    name,
    spec: INTERPRETATION,
    input: `retry: ${digits}\n`,
    expected: outcomeOf([], { reconnectionTime: time }),
  };
}

function ignoredRetry(what: string, text: string): ParserRow {
  return {
    name: `retry with ${what} is ignored`,
    spec: INTERPRETATION,
    input: `retry: 7\n\nretry: ${text}\ndata: a\n\n`,
    expected: outcomeOf([{ data: "a" }], { reconnectionTime: 7 }),
  };
}
