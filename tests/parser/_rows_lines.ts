// Copyright 2026 the Tidings authors. MIT license.

/** From bytes to lines: the encoding, the byte order mark, the line ends, the end. */

import { outcomeOf } from "../support/outcome.ts";
import type { ParserRow } from "./_rows.ts";

const PARSING = "#parsing-an-event-stream";
const INTERPRETATION = "#event-stream-interpretation";
const ENCODER = new TextEncoder();

/** The rows. */
export const LINE_ROWS: ParserRow[] = [
  {
    name: "an empty stream",
    spec: PARSING,
    input: "",
    expected: outcomeOf([]),
  },
  {
    name: "blank lines alone fire nothing",
    spec: INTERPRETATION,
    input: "\n\n\n",
    expected: outcomeOf([]),
  },
  {
    name: "more blank lines than one between events",
    spec: INTERPRETATION,
    input: "\n\ndata: a\n\n\n\ndata: b\n\n\n",
    expected: outcomeOf([{ data: "a" }, { data: "b" }]),
  },
  {
    name: "CR CR ends the block, nothing need follow",
    spec: PARSING,
    input: "data: a\r\r",
    expected: outcomeOf([{ data: "a" }]),
  },
  {
    name: "CRLF is one line end",
    spec: PARSING,
    input: "data: A\r\ndata: B\r\ndata: C\r\n\r\n",
    expected: outcomeOf([{ data: "A\nB\nC" }]),
  },
  {
    name: "LF CR is two line ends",
    spec: PARSING,
    input: "data: a\n\rdata: b\n\r",
    expected: outcomeOf([{ data: "a" }, { data: "b" }]),
  },
  {
    name: "CR CRLF is two line ends",
    spec: PARSING,
    input: "data: a\r\r\ndata: b\r\r\n",
    expected: outcomeOf([{ data: "a" }, { data: "b" }]),
  },
  {
    name: "CRLF LF is two line ends",
    spec: PARSING,
    input: "data: a\r\n\ndata: b\r\n\n",
    expected: outcomeOf([{ data: "a" }, { data: "b" }]),
  },
  {
    name: "CRLF CR is two line ends",
    spec: PARSING,
    input: "data: a\r\n\rdata: b\r\n\r",
    expected: outcomeOf([{ data: "a" }, { data: "b" }]),
  },
  {
    name: "the three line ends mixed in one block",
    spec: PARSING,
    input: "data: a\rdata: b\r\ndata: c\ndata: d\r\r",
    expected: outcomeOf([{ data: "a\nb\nc\nd" }]),
  },
  {
    name: "a LF is swallowed once only",
    spec: PARSING,
    input: "data: a\r\n\n\ndata: b\r\n\n\n",
    expected: outcomeOf([{ data: "a" }, { data: "b" }]),
  },
  {
    name: "U+2028, U+2029, U+0085, VT, FF are not line ends",
    spec: PARSING,
    input: "data: a\u2028b\u2029c\u0085d\ve\ff\n\n",
    expected: outcomeOf([{ data: "a\u2028b\u2029c\u0085d\ve\ff" }]),
  },
  {
    name: "characters of two, three and four bytes",
    spec: PARSING,
    input: "event: é\ndata: é語😀\nid: 😀\n\n",
    expected: outcomeOf([{ event: "é", data: "é語😀", id: "😀" }]),
  },
  {
    name: "U+0000 in data stays",
    spec: PARSING,
    input: "data: a\0b\n\n",
    expected: outcomeOf([{ data: "a\0b" }]),
  },
  {
    name: "the last and the first code points of each length",
    spec: PARSING,
    input: "data: \x7f\x80\u07ff\u0800\uffff\u{10000}\u{10ffff}\n\n",
    expected: outcomeOf([
      { data: "\x7f\x80\u07ff\u0800\uffff\u{10000}\u{10ffff}" },
    ]),
  },
  {
    name: "one byte order mark is stripped",
    spec: PARSING,
    input: "\ufeffdata: x\n\n",
    expected: outcomeOf([{ data: "x" }]),
  },
  {
    name: "a byte order mark before a blank line",
    spec: PARSING,
    input: "\ufeff\ndata: x\n\n",
    expected: outcomeOf([{ data: "x" }]),
  },
  {
    name: "a second byte order mark belongs to a field name",
    spec: PARSING,
    input: "\ufeff\ufeffdata: x\n\n",
    expected: outcomeOf([]),
  },
  {
    name: "a byte order mark later in the stream belongs to a field name",
    spec: PARSING,
    input: "data: a\n\n\ufeffdata: b\n\n",
    expected: outcomeOf([{ data: "a" }]),
  },
  {
    name: "a byte order mark after a blank line belongs to a field name",
    spec: PARSING,
    input: "\n\ufeffdata: b\n\n",
    expected: outcomeOf([]),
  },
  {
    name: "a byte order mark in a value stays",
    spec: PARSING,
    input: "data: \ufeffx\ufeff\n\n",
    expected: outcomeOf([{ data: "\ufeffx\ufeff" }]),
  },
  {
    name: "a byte order mark cut short is U+FFFD in a field name",
    spec: PARSING,
    input: bytesOf([0xef, 0xbb], "data: x\n\ndata: y\n\n"),
    expected: outcomeOf([{ data: "y" }]),
  },
  {
    name: "a byte order mark of UTF-16 has no meaning",
    spec: PARSING,
    input: bytesOf([0xff, 0xfe], "data: x\n\ndata: y\n\n"),
    expected: outcomeOf([{ data: "y" }]),
  },
  {
    name: "a byte order mark alone",
    spec: PARSING,
    input: "\ufeff",
    expected: outcomeOf([]),
  },
  {
    name: "bytes that UTF-8 never has are U+FFFD each",
    spec: PARSING,
    input: bytesOf("data: ", [0x80, 0xbf, 0xc0, 0xc1, 0xf5, 0xff], "x\n\n"),
    expected: outcomeOf([{ data: "\ufffd".repeat(6) + "x" }]),
  },
  {
    name: "a character cut short by another is one U+FFFD",
    spec: PARSING,
    input: bytesOf("data: ", [0xf0, 0x9f, 0x98], "x", [0xe2, 0x82], "y\n\n"),
    expected: outcomeOf([{ data: "\ufffdx\ufffdy" }]),
  },
  {
    name: "a character cut short by a line end does not swallow it",
    spec: PARSING,
    input: bytesOf("data: a", [0xf0, 0x9f, 0x98], "\ndata: b", [0xc3], "\n\n"),
    expected: outcomeOf([{ data: "a\ufffd\nb\ufffd" }]),
  },
  {
    name: "a character cut short by a character",
    spec: PARSING,
    input: bytesOf("data: ", [0xf0, 0x9f], "😀", [0xe2], "é\n\n"),
    expected: outcomeOf([{ data: "\ufffd😀\ufffdé" }]),
  },
  {
    name: "overlong forms, surrogates and code points past U+10FFFF",
    spec: PARSING,
    input: bytesOf(
      "data: ",
      [0xc0, 0xaf],
      "a",
      [0xed, 0xa0, 0x80],
      "b",
      [0xf4, 0x90, 0x80, 0x80],
      "\n\n",
    ),
    expected: outcomeOf([
      { data: "\ufffd\ufffda\ufffd\ufffd\ufffdb\ufffd\ufffd\ufffd\ufffd" },
    ]),
  },
  {
    name: "invalid bytes in a field name make it unknown",
    spec: PARSING,
    input: bytesOf("dat", [0xff], "a: x\ndata", [0xe2, 0x82], ": y\n\n"),
    expected: outcomeOf([]),
  },
  {
    name: "the end of the stream discards an unended line",
    spec: INTERPRETATION,
    input: "data: partial",
    expected: outcomeOf([]),
  },
  {
    name: "the end of the stream discards an unended block",
    spec: INTERPRETATION,
    input: "id: 5\ndata: a\n\nevent: x\nid: 6\ndata: lost\n",
    expected: outcomeOf([{ data: "a", id: "5" }]),
  },
  {
    name: "the end of the stream discards an unended id line",
    spec: INTERPRETATION,
    input: "id: 5\ndata: a\n\ndata: lost\nid: 6",
    expected: outcomeOf([{ data: "a", id: "5" }]),
  },
  {
    name: "the end of the stream discards a character cut short",
    spec: INTERPRETATION,
    input: bytesOf("data: a\n\ndata: ", [0xf0, 0x9f, 0x98]),
    expected: outcomeOf([{ data: "a" }]),
  },
];

/** Text as UTF-8 and bytes as they are, one after the other. */
function bytesOf(...parts: (string | number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "string" ? [...ENCODER.encode(part)] : part
    ),
  );
}
