// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertThrows } from "@std/assert";
import { eventOf, RecordingParser } from "../support/outcome.ts";

Deno.test("EventStreamParser begins with the lastEventId option", () => {
  const parser = new RecordingParser({ lastEventId: "7" });
  assertEquals(parser.lastEventId, "7");

  parser.push("data: a\n\n");

  assertEquals(parser.outcome.events, [
    eventOf({ data: "a", lastEventId: "7" }),
  ]);
});

Deno.test("EventStreamParser throws TypeError if lastEventId is not a string", () => {
  const lastEventId = 7 as unknown as string;

  assertThrows(
    () => new RecordingParser({ lastEventId }),
    TypeError,
    "lastEventId",
  );
});

Deno.test("EventStreamParser.lastEventId is what the last blank line committed", () => {
  const parser = new RecordingParser();
  assertEquals(parser.lastEventId, "");

  parser.push("id: 1\n");
  assertEquals(parser.lastEventId, "");

  parser.push("\n");
  assertEquals(parser.lastEventId, "1");
});

Deno.test("EventStreamParser.reconnectionTime is undefined until a retry field comes", () => {
  const parser = new RecordingParser();
  assertEquals(parser.reconnectionTime, undefined);

  parser.push("retry: 10");
  assertEquals(parser.reconnectionTime, undefined);

  parser.push("\n");
  assertEquals(parser.reconnectionTime, 10);
});

Deno.test("EventStreamParser.reset() keeps lastEventId and reconnectionTime", () => {
  const parser = new RecordingParser();

  parser.push("id: 1\nretry: 10\n\n");
  parser.reset();

  assertEquals(parser.lastEventId, "1");
  assertEquals(parser.reconnectionTime, 10);
  parser.push("data: a\n\n");
  assertEquals(parser.outcome.events, [
    eventOf({ data: "a", lastEventId: "1" }),
  ]);
});

for (
  const [what, unfinished] of Object.entries({
    "an unfinished block": "id: 9\nevent: x\ndata: lost\n",
    "an unfinished line": "data: lost",
    "an unfinished field name": "da",
    "an unfinished line and block": "id: 9\nevent: x\ndata: lost\ndata: lo",
    "an unfinished character": new Uint8Array([0xf0, 0x9f]),
    "an unfinished character in a line": Uint8Array.of(
      ...new TextEncoder().encode("data: lost"),
      ...[0xf0, 0x9f],
    ),
    "an unfinished byte order mark": new Uint8Array([0xef, 0xbb]),
    "the memory of a CR": "data: lost\r",
  })
) {
  Deno.test(`EventStreamParser.reset() drops ${what}`, () => {
    const parser = new RecordingParser();

    parser.push(unfinished);
    parser.reset();
    parser.push("data: a\n\n");
    assertEquals(parser.outcome.events, [eventOf({ data: "a" })]);

    parser.push(unfinished);
    parser.reset();
    parser.push(new TextEncoder().encode("data: b\n\n"));
    assertEquals(parser.outcome.events[1], eventOf({ data: "b" }));
    assertEquals(parser.outcome.events.length, 2);
  });
}

Deno.test("EventStreamParser.reset() lets a byte order mark be stripped again", () => {
  const parser = new RecordingParser();

  parser.push("\ufeffdata: a\n\n");
  parser.reset();
  parser.push("\ufeffdata: b\n\n");
  parser.reset();
  parser.push(new TextEncoder().encode("\ufeffdata: c\n\n"));

  assertEquals(parser.data, ["a", "b", "c"]);
});

Deno.test("EventStreamParser.reset() on a new parser changes nothing", () => {
  const parser = new RecordingParser({ lastEventId: "7" });

  parser.reset();
  parser.push("\ufeffdata: a\n\n");

  assertEquals(parser.outcome.events, [
    eventOf({ data: "a", lastEventId: "7" }),
  ]);
});
