// Copyright 2026 the Tidings authors. MIT license.

/** Which `Content-Type` is that of an event stream, as Fetch extracts a MIME type. */

import { assertEquals } from "@std/assert";
import { isEventStreamType } from "../../_parser/response_fault.ts";

const ACCEPTED = [
  "text/event-stream",
  "Text/EVENT-Stream",
  " text/event-stream\t",
  "text/event-stream;",
  "text/event-stream;charset=utf-8",
  "text/event-stream ; charset=windows-1252",
  "text/event-stream;garbage",
  "text/event-stream, garbage",
  "text/event-stream;a=1, garbage, more",
  "text/event-stream,",
  "text/event-stream, */*",
  "text/plain, text/event-stream",
  "text/plain;a=1, text/event-stream;a=1",
  "garbage, text/event-stream",
  ", text/event-stream",
  'text/event-stream;a="x, text/plain"',
  'text/event-stream;a="\\"", garbage',
  'text/event-stream;a="x, text/plain',
];

const REFUSED = [
  null,
  "",
  "text/event-streaming",
  "text/event-stream x",
  "text /event-stream",
  "text/event-stream=",
  "x text/event-stream",
  "text/event-stream, text/plain",
  "text/event-stream;a=1, text/plain",
  'text/event-stream;a="x", text/plain;b="y"',
  'text/event-stream;a="\\"", text/plain',
  'text/plain;a=", text/event-stream"',
  "garbage;text/event-stream",
  "*/*",
];

for (const type of ACCEPTED) {
  Deno.test(`isEventStreamType() accepts ${JSON.stringify(type)}`, () => {
    assertEquals(isEventStreamType(type), true);
  });
}

for (const type of REFUSED) {
  Deno.test(`isEventStreamType() refuses ${JSON.stringify(type)}`, () => {
    assertEquals(isEventStreamType(type), false);
  });
}

Deno.test("isEventStreamType() takes linear time", () => {
  const begin = performance.now();
  for (
    const part of [
      ",text/event-stream;",
      ',text/event-stream;"',
      '"\\',
      ",",
      "*/*,",
      "text/event-stream;a,",
    ]
  ) isEventStreamType(part.repeat(20_000) + "/");
  // Some milliseconds, where the square would be minutes.
  assertEquals(performance.now() - begin < 5000, true);
});
