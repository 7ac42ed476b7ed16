// Copyright 2026 the Tidings authors. MIT license.

/**
 * Our streams and iterators, composed with those of `@std/streams`.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { mergeReadableStreams, TextLineStream, toText } from "@std/streams";
import { connect } from "../../client.ts";
import { encodeEvents, EventStreamEncoderStream } from "../../encoder.ts";
import type { ServerSentEvent, ServerSentEventInit } from "../../event.ts";
import { EventStreamDecoderStream, readEvents } from "../../parser.ts";
import { serveEvents } from "../../server.ts";
import { checkEvents, unchecked } from "../../typed/mod.ts";
import { OpenStream, serve } from "../support/event_server.ts";
import { openSource, streamOf } from "../support/sources.ts";
import { within } from "../support/within.ts";

// Offline, the import map puts a file of ours in the place of the real package.
const ignore = import.meta.resolve("@std/streams").startsWith("file:");
const reason = ignore ? " (ignored: JSR is out of reach, no @std/streams)" : "";

type Bytes = Uint8Array<ArrayBuffer>;

/** What we need of `@std/streams` that nothing stands in for. */
interface Streams {
  toTransformStream<I, O>(
    transformer: (source: ReadableStream<I>) => AsyncIterable<O>,
  ): TransformStream<I, O>;
  zipReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;
  earlyZipReadableStreams<T>(
    ...streams: ReadableStream<T>[]
  ): ReadableStream<T>;
  concatReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;
  DelimiterStream: new (
    delimiter: Uint8Array,
    options: { disposition: "suffix" },
  ) => TransformStream<Uint8Array, Bytes>;
  LimitedBytesTransformStream: new (
    size: number,
    options?: { error: boolean },
  ) => TransformStream<Uint8Array, Uint8Array>;
  LimitedTransformStream: new <T>(size: number) => TransformStream<T, T>;
}

/** Defines a test that gets the real package. */
function test(name: string, fn: (streams: Streams) => Promise<void>): void {
  Deno.test({
    name: name + reason,
    ignore,
    // Not a literal, since these are not there where the tests are ignored.
    fn: async () => await fn(await import("@std/streams" as string)),
  });
}

const ANY = { message: unchecked<number>() };

function dataOf(events: readonly ServerSentEvent[]): string[] {
  return events.map(({ data }) => data);
}

function numbers(from: number, to: number): ServerSentEventInit[] {
  return Array.from({ length: to - from }, (_, i) => ({ data: `${from + i}` }));
}

function encoded(from: number, to: number): ReadableStream<Bytes> {
  return streamOf(numbers(from, to))
    .pipeThrough(new EventStreamEncoderStream());
}

for (
  const [name, transformer] of Object.entries({
    "readEvents()": (source: ReadableStream<Uint8Array>) => readEvents(source),
    "checkEvents()": (source: ReadableStream<Uint8Array>) =>
      checkEvents(readEvents(source), ANY),
  })
) {
  test(`${name} in toTransformStream() cancels the source on break`, async ({ toTransformStream }) => {
    const source = openSource("data: 1\n\ndata: 2\n\n");
    const events = source.stream.pipeThrough(toTransformStream(transformer));

    for await (const { data } of events) {
      assertEquals(data, "1");
      break;
    }

    assertEquals(source.cancelled.length, 1);
  });

  test(`${name} in toTransformStream() tells the source why its reader left`, async ({ toTransformStream }) => {
    const source = openSource("data: 1\n\n");
    const error = new Error("Enough");
    const reader = source.stream.pipeThrough(toTransformStream(transformer))
      .getReader();
    await reader.read();

    await within("the end", reader.cancel(error));

    assertEquals(source.cancelled.map((reason) => reason === error), [true]);
  });

  test(`${name} in toTransformStream() ends and fails with the source`, async ({ toTransformStream }) => {
    const ended = encoded(1, 4).pipeThrough(toTransformStream(transformer));
    assertEquals(dataOf(await Array.fromAsync(ended)), ["1", "2", "3"]);

    const source = openSource("data: 1\n\n");
    const reader = source.stream.pipeThrough(toTransformStream(transformer))
      .getReader();
    await reader.read();
    source.fail(new RangeError("It broke"));
    await assertRejects(() => reader.read(), RangeError, "It broke");
  });
}

test("connect() in toTransformStream() closes the connection on break", async ({ toTransformStream }) => {
  const stream = new OpenStream("data: a\n\n");
  await using server = serve(() => stream.response);
  const events = streamOf<string>([])
    .pipeThrough(toTransformStream(() => connect(server.url)));

  for await (const { data } of events) {
    assertEquals(data, "a");
    break;
  }

  await within("the end of the response", stream.cancelled);
});

test("mergeReadableStreams() of two event streams gives the events of both", async () => {
  const merged = mergeReadableStreams(
    encoded(0, 50).pipeThrough(new EventStreamDecoderStream()),
    encoded(50, 100).pipeThrough(new EventStreamDecoderStream()),
  );
  const events = await Array.fromAsync(merged);
  assertEquals(
    dataOf(events).sort((a, b) => Number(a) - Number(b)),
    numbers(0, 100).map(({ data }) => data!),
  );
});

test("serveEvents() serves merged streams, and cancels both with its client", async () => {
  const left = new TransformStream<ServerSentEventInit, ServerSentEventInit>();
  const right = new TransformStream<ServerSentEventInit, ServerSentEventInit>();
  const writers = [left.writable.getWriter(), right.writable.getWriter()];
  const merged = mergeReadableStreams(left.readable, right.readable);
  const response = serveEvents(new Request("http://localhost/"), merged);
  const events = readEvents(response);
  for (const [i, writer] of writers.entries()) {
    writer.write({ data: `${i}` }).catch(() => {});
    const { value } = await within("an event", events.next());
    assertEquals(value?.data, `${i}`);
  }

  await events.return?.();

  // It takes note with the next chunk.
  for (const writer of writers) {
    await writer.write({ data: "late" }).catch(() => {});
    await assertRejects(() => within("the end", writer.closed));
  }
});

test("zipReadableStreams() gives the events of two streams by turns", async ({ zipReadableStreams }) => {
  const zipped = zipReadableStreams(
    encoded(0, 2).pipeThrough(new EventStreamDecoderStream()),
    encoded(10, 14).pipeThrough(new EventStreamDecoderStream()),
  );
  const events = await Array.fromAsync(zipped);
  assertEquals(dataOf(events), ["0", "10", "1", "11", "12", "13"]);
});

test("earlyZipReadableStreams() cancels the source of a stream that goes on", async ({ earlyZipReadableStreams }) => {
  const source = openSource("data: a\n\ndata: b\n\n");
  const zipped = earlyZipReadableStreams(
    encoded(0, 1).pipeThrough(new EventStreamDecoderStream()),
    source.stream.pipeThrough(new EventStreamDecoderStream()),
  );
  assertEquals(dataOf(await Array.fromAsync(zipped)), ["0", "a"]);
  assertEquals(source.cancelled.length, 1);
});

test("concatReadableStreams() of encoded streams is one event stream", async ({ concatReadableStreams }) => {
  const joined = concatReadableStreams(encoded(0, 3), encoded(3, 5));
  const events = await Array.fromAsync(readEvents(joined));
  assertEquals(dataOf(events), ["0", "1", "2", "3", "4"]);
});

test("TextLineStream gives the lines that the encoder writes", async () => {
  const lines = streamOf([{ event: "tick", data: "a\nb", id: 7 }, { data: "" }])
    .pipeThrough(new EventStreamEncoderStream())
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  assertEquals(await Array.fromAsync(lines), [
    "event: tick",
    "data: a",
    "data: b",
    "id: 7",
    "",
    "data: ",
    "",
  ]);
});

test("toText() gives what encodeEvents() does", async () => {
  const inits = [{ data: "é😀" }, { comment: "a" }, { data: "b", id: "1" }];
  const stream = streamOf(inits).pipeThrough(new EventStreamEncoderStream());
  assertEquals(
    await toText(stream),
    new TextDecoder().decode(encodeEvents(inits)),
  );
});

test("DelimiterStream cuts an event stream into its events", async ({ DelimiterStream }) => {
  const delimiter = new TextEncoder().encode("\n\n");
  const frames = encoded(0, 3)
    .pipeThrough(new DelimiterStream(delimiter, { disposition: "suffix" }));
  const chunks = await Array.fromAsync(frames);
  // After the last delimiter comes a chunk without bytes.
  assertEquals(chunks.map(({ length }) => length), [9, 9, 9, 0]);
  const events = await Array.fromAsync(readEvents(streamOf(chunks)));
  assertEquals(dataOf(events), ["0", "1", "2"]);
});

test("LimitedBytesTransformStream before readEvents() cuts off the last event, or fails", async ({ LimitedBytesTransformStream }) => {
  // Each event is 9 bytes.
  const cut = () =>
    streamOf(
      Array.from(encodeEvents(numbers(0, 3)), (byte) => Uint8Array.of(byte)),
    );
  const limited = cut().pipeThrough(new LimitedBytesTransformStream(20));
  const events = await Array.fromAsync(readEvents(limited));
  assertEquals(dataOf(events), ["0", "1"]);

  const failing = cut()
    .pipeThrough(new LimitedBytesTransformStream(20, { error: true }));
  const received: string[] = [];
  await assertRejects(async () => {
    for await (const { data } of readEvents(failing)) received.push(data);
  }, RangeError);
  assertEquals(received, ["0", "1"]);
});

test("LimitedTransformStream after a decoder ends the stream, and cancels the source", async ({ LimitedTransformStream }) => {
  const cancelled = Promise.withResolvers<void>();
  const source = new ReadableStream<Bytes>({
    start: (controller) => controller.enqueue(encodeEvents(numbers(1, 4))),
    cancel: () => cancelled.resolve(),
  });
  const events = source
    .pipeThrough(new EventStreamDecoderStream())
    .pipeThrough(new LimitedTransformStream<ServerSentEvent>(2));
  assertEquals(dataOf(await Array.fromAsync(events)), ["1", "2"]);
  await within("the end of the source", cancelled.promise);
});
