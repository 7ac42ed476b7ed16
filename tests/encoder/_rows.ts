// Copyright 2026 the Tidings authors. MIT license.

/** Encoding as a table. */

import type { ServerSentEventInit } from "../../event.ts";

/** One fact about encoding. */
export interface EncoderRow {
  /** What is right, in plain words. */
  name: string;
  /** What is sent. */
  input: ServerSentEventInit;
  /** The bytes as text. */
  expected: string;
}

/** All rows. */
export const ENCODER_ROWS: EncoderRow[] = [
  {
    name: "nothing as a blank line",
    input: {},
    expected: "\n",
  },
  {
    name: "members that are undefined as if they were left out",
    input: {
      event: undefined,
      data: undefined,
      id: undefined,
      retry: undefined,
      comment: undefined,
    },
    expected: "\n",
  },
  {
    name: "all fields in one order",
    input: { retry: 5, id: "i", data: "d", event: "e", comment: "c" },
    expected: ": c\nevent: e\ndata: d\nid: i\nretry: 5\n\n",
  },
  {
    name: "data with a leading space so that it survives",
    input: { data: " hi" },
    expected: "data:  hi\n\n",
  },
  {
    name: "data with a leading tab or colon as it is",
    input: { data: "\thi\n:hi" },
    expected: "data: \thi\ndata: :hi\n\n",
  },
  {
    name: "empty data as an event",
    input: { data: "" },
    expected: "data: \n\n",
  },
  {
    name: "LF in data as lines",
    input: { data: "a\nb\n" },
    expected: "data: a\ndata: b\ndata: \n\n",
  },
  {
    name: "CR in data as lines",
    input: { data: "\ra\rb" },
    expected: "data: \ndata: a\ndata: b\n\n",
  },
  {
    name: "CRLF in data as one line end",
    input: { data: "a\r\nb\r\n\r\nc" },
    expected: "data: a\ndata: b\ndata: \ndata: c\n\n",
  },
  {
    name: "LF CR in data as two line ends",
    input: { data: "a\n\rb\r\r\nc" },
    expected: "data: a\ndata: \ndata: b\ndata: \ndata: c\n\n",
  },
  {
    name: "fields in data as text",
    input: { data: "event: x\nid: 1\n\nretry: 1" },
    expected: "data: event: x\ndata: id: 1\ndata: \ndata: retry: 1\n\n",
  },
  {
    name: "other separators in data as text",
    input: { data: "a\u2028b\u2029c\x85d\ve\ff\0g\ufeff" },
    expected: "data: a\u2028b\u2029c\x85d\ve\ff\0g\ufeff\n\n",
  },
  {
    name: "characters of every length",
    input: { event: "é", data: "語", id: "😀", comment: "€" },
    expected: ": €\nevent: é\ndata: 語\nid: 😀\n\n",
  },
  {
    name: "a lone surrogate as U+FFFD",
    input: { data: "a\ud800b" },
    expected: "data: a\ufffdb\n\n",
  },
  {
    name: "the event type that is the receiver's default as nothing",
    input: { event: "message", data: "x" },
    expected: "data: x\n\n",
  },
  {
    name: "an empty event type",
    input: { event: "", data: "x" },
    expected: "event: \ndata: x\n\n",
  },
  {
    name: "U+0000 in an event type",
    input: { event: "a\0b" },
    expected: "event: a\0b\n\n",
  },
  {
    name: "an id of the number zero",
    input: { id: 0 },
    expected: "id: 0\n\n",
  },
  {
    name: "an empty id",
    input: { id: "" },
    expected: "id: \n\n",
  },
  {
    name: "an id that is a number",
    input: { id: -1.5 },
    expected: "id: -1.5\n\n",
  },
  {
    name: "a retry of zero",
    input: { retry: 0 },
    expected: "retry: 0\n\n",
  },
  {
    name: "a retry of negative zero as zero",
    input: { retry: -0 },
    expected: "retry: 0\n\n",
  },
  {
    name: "the largest retry in digits",
    input: { retry: Number.MAX_SAFE_INTEGER },
    expected: "retry: 9007199254740991\n\n",
  },
  {
    name: "line breaks in a comment as lines",
    input: { comment: "a\nb\rc\r\nd\n" },
    expected: ": a\n: b\n: c\n: d\n: \n\n",
  },
  {
    name: "an empty comment",
    input: { comment: "" },
    expected: ": \n\n",
  },
];
