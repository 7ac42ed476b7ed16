// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import {
  eventOf,
  everyCut,
  RecordingParser,
  singles,
} from "../support/outcome.ts";
import { PARSER_ROWS, variants } from "./_rows.ts";
import { interpretStream } from "./_spec_model.ts";

for (const row of PARSER_ROWS) {
  Deno.test(`EventStreamParser: ${row.name} (${row.spec})`, () => {
    for (const { name: lineEnd, bytes } of variants(row)) {
      for (const { name: cut, chunks } of everyCut(bytes)) {
        const { outcome } = new RecordingParser().pushAll(chunks);
        assertEquals(outcome, row.expected, `bytes, ${lineEnd}, ${cut}`);
      }
      // The byte order mark stays, for the parser to strip.
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
      for (const { name: cut, chunks } of everyCut(text)) {
        const { outcome } = new RecordingParser().pushAll(chunks);
        assertEquals(outcome, row.expected, `text, ${lineEnd}, ${cut}`);
      }
    }
  });
}

Deno.test("the model of the specification agrees with every row", () => {
  for (const row of PARSER_ROWS) {
    for (const { name: lineEnd, bytes } of variants(row)) {
      const message = `${row.name}, ${lineEnd}`;
      assertEquals(interpretStream(bytes), row.expected, message);
    }
  }
});

Deno.test("EventStreamParser.push() calls back before the next byte arrives", () => {
  for (const row of PARSER_ROWS) {
    for (const { name: lineEnd, bytes } of variants(row)) {
      const parser = new RecordingParser();
      for (const [at, byte] of singles(bytes).entries()) {
        parser.push(byte);
        const expected = interpretStream(bytes.subarray(0, at + 1));
        const message = `${row.name}, ${lineEnd}, byte ${at}`;
        assertEquals(parser.outcome, expected, message);
      }
    }
  }
});

Deno.test("EventStreamParser.push() dispatches at a CR that ends the chunk", () => {
  const parser = new RecordingParser();

  parser.push("data: a\r\r");
  assertEquals(parser.data, ["a"]);

  parser.push("\ndata: b\r");
  parser.push("\n\r");
  assertEquals(parser.data, ["a", "b"]);

  parser.push("\n");
  parser.push("data: c\n\n");
  assertEquals(parser.data, ["a", "b", "c"]);
});

Deno.test("EventStreamParser.push() ignores empty chunks", () => {
  const parser = new RecordingParser();
  const empty = ["", new Uint8Array(0)];

  parser.pushAll([...empty, "\ufeff", ...empty, "data: a\r", ...empty]);
  parser.pushAll(["\ndata: b\r", ...empty, "\n", ...empty, "\r", ...empty]);

  assertEquals(parser.outcome.events, [eventOf({ data: "a\nb" })]);
});

Deno.test("EventStreamParser.push() takes bytes and text in turn", () => {
  const encoder = new TextEncoder();
  const chunks = ["da", "ta: é", "語", "\nda", "ta: ", "😀\n", "\n"];

  for (const parity of [0, 1]) {
    const parser = new RecordingParser();
    parser.pushAll(
      chunks.map((chunk, at) =>
        at % 2 === parity ? encoder.encode(chunk) : chunk
      ),
    );
    assertEquals(parser.data, ["é語\n😀"]);
  }
});

Deno.test("EventStreamParser.push() takes text after an unfinished character as U+FFFD", () => {
  const parser = new RecordingParser();

  parser.push(new Uint8Array([...new TextEncoder().encode("data: "), 0xe2]));
  parser.push("a\n\n");

  assertEquals(parser.data, ["\ufffda"]);
});

Deno.test("EventStreamParser.push() lets the caller reuse the chunk's buffer", () => {
  const bytes = new TextEncoder().encode("event: é\ndata: 語😀\nid: a b\n\n");

  for (let size = 1; size <= bytes.length; size++) {
    const parser = new RecordingParser();
    const buffer = new Uint8Array(size);
    for (let at = 0; at < bytes.length; at += size) {
      const part = bytes.subarray(at, at + size);
      buffer.set(part);
      parser.push(buffer.subarray(0, part.length));
      buffer.fill(0x0a);
    }
    assertEquals(parser.outcome.events, [
      eventOf({ event: "é", data: "語😀", id: "a b" }),
    ]);
  }
});

Deno.test("EventStreamParser.push() reads a view that is part of its buffer", () => {
  const bytes = new TextEncoder().encode("xxdata: a\n\nyy");
  const parser = new RecordingParser();

  parser.push(bytes.subarray(2, -2));
  parser.push("\n");

  assertEquals(parser.data, ["a"]);
});

Deno.test("EventStreamParser.push() takes a Buffer of Node", () => {
  const parser = new RecordingParser();

  parser.push(Buffer.from("data: é\n\n"));

  assertEquals(parser.data, ["é"]);
});

Deno.test("EventStreamParser.push() throws TypeError for what is not bytes or text, and goes on", () => {
  const parser = new RecordingParser();
  const buffer = new ArrayBuffer(2);
  const others = [undefined, null, 7, {}, [0x0a], buffer];

  parser.push("data: a\n");
  for (
    const other of [...others, new Uint16Array(buffer), new DataView(buffer)]
  ) {
    assertThrows(
      () => parser.push(other as unknown as Uint8Array),
      TypeError,
      "Cannot push chunk: expected a Uint8Array or a string, got ",
    );
  }
  parser.push("\n");

  assertEquals(parser.data, ["a"]);
});

Deno.test("EventStreamParser hands out an event's members in one order", () => {
  const parser = new RecordingParser();

  parser.push("data: a\n\nid: 1\nevent: x\ndata: b\n\n");

  for (const event of parser.outcome.events) {
    assertEquals(Object.keys(event), ["event", "data", "id", "lastEventId"]);
  }
});
