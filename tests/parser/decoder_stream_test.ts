// Copyright 2026 the Tidings authors. MIT license.

import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { EventStreamDecoderStream, EventStreamError } from "../../parser.ts";
import { eventOf, singles } from "../support/outcome.ts";
import { PARSER_ROWS, variants } from "./_rows.ts";
import { openSource, streamOf } from "../support/sources.ts";

const ENCODER = new TextEncoder();

for (const row of PARSER_ROWS) {
  Deno.test(`EventStreamDecoderStream: ${row.name} (${row.spec})`, async () => {
    for (const { name: lineEnd, bytes } of variants(row)) {
      for (const chunks of [[bytes], singles(bytes)]) {
        const events = await Array.fromAsync(
          streamOf(chunks).pipeThrough(new EventStreamDecoderStream()),
        );
        const message = `${chunks.length} chunks, ${lineEnd}`;
        assertEquals(events, row.expected.events, message);
      }
    }
  });
}

Deno.test("EventStreamDecoderStream hands out an event before the next chunk arrives", async () => {
  const { readable, writable } = new EventStreamDecoderStream();
  const reader = readable.getReader();
  const writer = writable.getWriter();

  for (const data of ["a", "b"]) {
    const written = writer.write(ENCODER.encode(`data: ${data}\r\r`));
    assertEquals((await reader.read()).value, eventOf({ data }));
    await written;
  }

  const closed = writer.close();
  assertEquals((await reader.read()).done, true);
  await closed;
});

Deno.test("EventStreamDecoderStream takes the options of the parser", async () => {
  const comments: string[] = [];
  const stream = new EventStreamDecoderStream({
    lastEventId: "7",
    onComment: (comment) => comments.push(comment),
  });

  const events = await Array.fromAsync(
    streamOf([ENCODER.encode(": hb\ndata: a\n\n")]).pipeThrough(stream),
  );

  assertEquals(events, [eventOf({ data: "a", lastEventId: "7" })]);
  assertEquals(comments, ["hb"]);
});

Deno.test("EventStreamDecoderStream throws RangeError if maxEventSize is no positive integer", () => {
  assertThrows(
    () => new EventStreamDecoderStream({ maxEventSize: 0 }),
    RangeError,
  );
});

Deno.test("EventStreamDecoderStream errors if an event is too large, and cancels the source", async () => {
  const source = openSource("data: a\n\n", "data: 0123456789");
  const reader = source.stream
    .pipeThrough(new EventStreamDecoderStream({ maxEventSize: 10 }))
    .getReader();

  assertEquals((await reader.read()).value, eventOf({ data: "a" }));
  const error = await assertRejects(() => reader.read(), EventStreamError);
  await reader.closed.catch(() => {});

  assertEquals(error.code, "event-too-large");
  assertEquals(source.cancelled, [error]);
});

Deno.test("EventStreamDecoderStream cancels the source when it is cancelled", async () => {
  const source = openSource("data: a\n\n");
  const reason = new Error("mine");
  const reader = source.stream
    .pipeThrough(new EventStreamDecoderStream())
    .getReader();

  await reader.read();
  await reader.cancel(reason);
  // Where a cancelled pipe tells its source later, as the older standard has it.
  await new Promise((resolve) => setTimeout(resolve, 0));

  assertEquals(source.cancelled, [reason]);
});

Deno.test("EventStreamDecoderStream hands on an error of the source", async () => {
  const source = openSource("data: a\n\n");
  const error = new Error("mine");
  const reader = source.stream
    .pipeThrough(new EventStreamDecoderStream())
    .getReader();

  assertEquals((await reader.read()).value, eventOf({ data: "a" }));
  source.fail(error);

  assertStrictEquals(await assertRejects(() => reader.read()), error);
});

Deno.test("EventStreamDecoderStream errors if a chunk is not bytes", async () => {
  const chunks = streamOf([7 as unknown as Uint8Array]);

  await assertRejects(
    () => Array.fromAsync(chunks.pipeThrough(new EventStreamDecoderStream())),
    TypeError,
  );
});
