// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  encodeEvent,
  encodeEvents,
  EventStreamEncoderStream,
} from "../../encoder.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { quote } from "../../_validate.ts";
import { ENCODER_ROWS } from "./_rows.ts";
import { eventOf, RecordingParser } from "../support/outcome.ts";

for (const { name, input, expected } of ENCODER_ROWS) {
  Deno.test(`encodeEvent() writes ${name}`, () => {
    assertEquals(decode(encodeEvent(input)), expected);
  });
}

Deno.test("encodeEvents() writes the same bytes in one chunk", () => {
  const inputs = ENCODER_ROWS.map(({ input }) => input);
  const expected = ENCODER_ROWS.map((row) => row.expected).join("");

  assertEquals(decode(encodeEvents(inputs)), expected);
  assertEquals(decode(encodeEvents(inputs.values())), expected);
  assertEquals(encodeEvents([]).length, 0);
});

Deno.test("EventStreamEncoderStream writes one chunk for each event", async () => {
  const chunks = await Array.fromAsync(
    ReadableStream.from(ENCODER_ROWS.map(({ input }) => input))
      .pipeThrough(new EventStreamEncoderStream()),
  );

  assertEquals(
    chunks.map(decode),
    ENCODER_ROWS.map(({ expected }) => expected),
  );
});

const NO_LINE_BREAK = "text without a line break";
const ID = "a number, or text without a line break or U+0000";
const FINITE = "a finite number";
const RETRY = "an integer of at least 0";
const TEXT = "a string";

for (
  const [name, error, field, value, expected] of [
    ["event that holds a LF", TypeError, "event", "a\nb", NO_LINE_BREAK],
    ["event that holds a CR", TypeError, "event", "a\rb", NO_LINE_BREAK],
    ["event that ends in CRLF", TypeError, "event", "a\r\n", NO_LINE_BREAK],
    ["event that is not a string", TypeError, "event", 7, TEXT],
    ["event that is null", TypeError, "event", null, TEXT],
    ["id that holds a LF", TypeError, "id", "1\ndata: evil", ID],
    ["id that holds a CR", TypeError, "id", "1\rdata: evil", ID],
    ["id that holds U+0000", TypeError, "id", "1\0", ID],
    ["id that is null", TypeError, "id", null, ID],
    ["id that is a bigint", TypeError, "id", 1n, ID],
    ["id that is NaN", RangeError, "id", NaN, FINITE],
    ["id that is infinite", RangeError, "id", Infinity, FINITE],
    ["retry that is NaN", RangeError, "retry", NaN, RETRY],
    ["retry that is a fraction", RangeError, "retry", 1.5, RETRY],
    ["retry that is negative", RangeError, "retry", -1, RETRY],
    ["retry that is infinite", RangeError, "retry", Infinity, RETRY],
    ["retry that is not written in digits", RangeError, "retry", 1e21, RETRY],
    ["retry that is a string", TypeError, "retry", "1\ndata: evil", RETRY],
    ["retry that is null", TypeError, "retry", null, RETRY],
    ["data that is not a string", TypeError, "data", { a: 1 }, TEXT],
    ["data that is a number", TypeError, "data", 7, TEXT],
    ["data that is null", TypeError, "data", null, TEXT],
    [
      "comment that is not a string",
      TypeError,
      "comment",
      ["\ndata: evil"],
      TEXT,
    ],
    ["comment that is null", TypeError, "comment", null, TEXT],
  ] as const
) {
  const bad = { data: "x", [field]: value } as ServerSentEventInit;

  Deno.test(`encodeEvent() throws ${error.name} for an ${name}`, () => {
    const message =
      `Cannot encode event: expected "${field}" to be ${expected}, got ${
        quote(value)
      }`;
    assertThrows(() => encodeEvent(bad), error, message);
    assertThrows(() => encodeEvents([{ data: "a" }, bad]), error, message);
  });

  Deno.test(`EventStreamEncoderStream errors for an ${name}`, async () => {
    const stream = new EventStreamEncoderStream();
    const writer = stream.writable.getWriter();
    const reader = stream.readable.getReader();
    const written = writer.write({ data: "a" });
    assertEquals(decode((await reader.read()).value), "data: a\n\n");
    await written;

    const refused = [writer.write(bad), reader.read(), writer.closed];

    for (const promise of refused) await assertRejects(() => promise, error);
    await reader.closed.catch(() => {});
  });
}

Deno.test("encodeEvent() throws TypeError for what is not an object", () => {
  for (const value of [undefined, null, "data: x\n\n", 7, () => {}]) {
    assertThrows(
      () => encodeEvent(value as unknown as ServerSentEventInit),
      TypeError,
      `Cannot encode event: expected an object, got ${quote(value)}`,
    );
  }
});

Deno.test("encodeEvent() quotes a bad value, cut to 40 characters", () => {
  const error = assertThrows(
    () => encodeEvent({ id: "\n" + "x".repeat(100) }),
    TypeError,
    JSON.stringify("\n" + "x".repeat(39) + "…"),
  );

  assertEquals(error.message.includes("x".repeat(40)), false);
});

Deno.test("encodeEvent() does not change what it is given", () => {
  const init = Object.freeze({ event: "e", data: "a\nb", id: 1, retry: 2 });

  encodeEvent(init);

  assertEquals(init, { event: "e", data: "a\nb", id: 1, retry: 2 });
});

Deno.test("encodeEvent() and encodeEvents() give bytes that may be transferred", () => {
  const kept = [encodeEvent({ data: "a" }), encodeEvents([{ data: "a" }])];
  const sent = [encodeEvent({ data: "b" }), encodeEvents([{ data: "b" }])];

  for (const bytes of sent) {
    assertEquals(bytes.byteOffset, 0);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    assertEquals(bytes.length, 0);
  }

  for (const bytes of kept) assertEquals(decode(bytes), "data: a\n\n");
  assertEquals(decode(encodeEvent({ data: "c" })), "data: c\n\n");
});

Deno.test("encodeEvents() returns the iterable if an event is bad", () => {
  let returned = false;
  function* events(): Generator<ServerSentEventInit> {
    try {
      yield { data: "a" };
      yield { event: "\n" };
    } finally {
      returned = true;
    }
  }

  assertThrows(() => encodeEvents(events()), TypeError);

  assertEquals(returned, true);
});

Deno.test("encodeEvent() sends on what a parser received", () => {
  const wire =
    "id: 1\nevent: tick\ndata: a\ndata: b\n\ndata:\n\nid\ndata: c\n\n";
  const { outcome } = new RecordingParser().pushAll([wire]);

  const relayed = new RecordingParser()
    .pushAll(outcome.events.map((event) => encodeEvent(event)));

  assertEquals(relayed.outcome, outcome);
  const first = eventOf({ event: "tick", data: "a\nb", id: "1" });
  assertEquals(outcome.events[0], first);
});

function decode(bytes: Uint8Array | undefined): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
