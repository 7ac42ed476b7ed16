// Copyright 2026 the Tidings authors. MIT license.

/**
 * Encodes events as the bytes of an event stream.
 *
 * {@linkcode encodeEvent} encodes one event, {@linkcode encodeEvents} many events as one
 * chunk, and {@linkcode EventStreamEncoderStream} is a `TransformStream` that does the
 * same. All three check before they write: a bad field throws an error that names it,
 * nothing is repaired silently, and nothing of that event is sent.
 *
 * @example The body of a response
 * ```ts
 * import { encodeEvent } from "@tidings/sse/encoder";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeEvent({ event: "tick", data: "1\n2", id: 7 });
 *
 * assertEquals(
 *   new TextDecoder().decode(bytes),
 *   "event: tick\ndata: 1\ndata: 2\nid: 7\n\n",
 * );
 * ```
 *
 * @module
 */

import { dataOf, VERB } from "./_encoder/event_data.ts";
import { hasLineBreak, prefixLines } from "./_encoder/line_breaks.ts";
import { assertInteger, assertString, describeMismatch } from "./_validate.ts";
import type { ServerSentEventInit } from "./event.ts";

const ENCODER = new TextEncoder();

/**
 * Encodes one event as one block of an event stream.
 *
 * Fields are written in the order `comment`, `event`, `data`, `id`, `retry`, one
 * line for each line of `data` and `comment`, and a blank line ends the block. `json`
 * is written as a `data` field.
 * There is always one space after the colon: a receiver removes one, and a value's own
 * leading space stays. Lone surrogates become U+FFFD, as in all text that is sent as
 * UTF-8.
 *
 * @example An ID and a reconnection time of zero are sent
 * ```ts
 * import { encodeEvent } from "@tidings/sse/encoder";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeEvent({ id: 0, retry: 0 });
 *
 * assertEquals(new TextDecoder().decode(bytes), "id: 0\nretry: 0\n\n");
 * ```
 *
 * @example A value as JSON
 * ```ts
 * import { encodeEvent } from "@tidings/sse/encoder";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeEvent({ event: "tick", json: { price: 1 } });
 *
 * assertEquals(
 *   new TextDecoder().decode(bytes),
 *   'event: tick\ndata: {"price":1}\n\n',
 * );
 * ```
 *
 * @param event The event to encode.
 * @returns Its bytes, in a buffer of their own: the caller may transfer it.
 * @throws {TypeError} If a field is of the wrong type, if `event` holds a line
 * break, if `id` holds a line break or U+0000, if there are both `data` and `json`,
 * or if JSON cannot express `json`.
 * @throws {RangeError} If `retry` is not an integer of at least 0, or `id` is a
 * number that is not finite.
 */
export function encodeEvent(
  event: ServerSentEventInit,
): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(formatEvent(event));
}

/**
 * Encodes events as one chunk: the bytes that {@linkcode encodeEvent} gives for each,
 * joined, at a fraction of the cost.
 *
 * @example Usage
 * ```ts
 * import { encodeEvents } from "@tidings/sse/encoder";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeEvents([{ data: "a" }, { data: "b" }]);
 *
 * assertEquals(new TextDecoder().decode(bytes), "data: a\n\ndata: b\n\n");
 * ```
 *
 * @param events The events to encode, in their order.
 * @returns The bytes of all of them, in a buffer of their own.
 * @throws {TypeError} As {@linkcode encodeEvent} does; nothing is returned then.
 * @throws {RangeError} As {@linkcode encodeEvent} does; nothing is returned then.
 */
export function encodeEvents(
  events: Iterable<ServerSentEventInit>,
): Uint8Array<ArrayBuffer> {
  let text = "";
  for (const event of events) text += formatEvent(event);
  return ENCODER.encode(text);
}

/**
 * A stream that encodes each event as one chunk. A bad field errors the stream with
 * what {@linkcode encodeEvent} throws, and nothing of that event is sent.
 *
 * @example The body of a response
 * ```ts
 * import { EventStreamEncoderStream } from "@tidings/sse/encoder";
 * import { assertEquals } from "@std/assert";
 *
 * const body = ReadableStream.from([{ data: "a" }, { data: "b" }])
 *   .pipeThrough(new EventStreamEncoderStream());
 * const response = new Response(body, {
 *   headers: { "content-type": "text/event-stream" },
 * });
 *
 * assertEquals(await response.text(), "data: a\n\ndata: b\n\n");
 * ```
 */
export class EventStreamEncoderStream
  extends TransformStream<ServerSentEventInit, Uint8Array<ArrayBuffer>> {
  /** Makes a stream that encodes events. */
  constructor() {
    super({
      transform(event, controller): void {
        controller.enqueue(encodeEvent(event));
      },
    });
  }
}

function formatEvent(init: ServerSentEventInit): string {
  const data = dataOf(init);
  const { event, id, retry, comment } = init;
  let block = "";
  if (comment !== undefined) block += formatLines(": ", "comment", comment);
  if (event !== undefined) block += formatEventType(event);
  if (data !== undefined) block += formatLines("data: ", "data", data);
  if (id !== undefined) block += formatId(id);
  if (retry !== undefined) block += formatRetry(retry);
  return block + "\n";
}

function formatLines(prefix: string, field: string, value: string): string {
  assertString(VERB, field, value);
  return prefixLines(prefix, value);
}

function formatEventType(value: string): string {
  assertString(VERB, "event", value);
  if (hasLineBreak(value)) {
    const expected = "text without a line break";
    throw new TypeError(describeMismatch(VERB, "event", expected, value));
  }
  // A receiver takes no event field for "message". Without the line, a relay sends the
  // bytes that it received.
  return value === "message" ? "" : `event: ${value}\n`;
}

function formatId(value: string | number): string {
  if (typeof value === "number") {
    if (Number.isFinite(value)) return `id: ${value}\n`;
    const expected = "a finite number";
    throw new RangeError(describeMismatch(VERB, "id", expected, value));
  }
  // A receiver ignores an ID that holds U+0000.
  const isRight = typeof value === "string" && !hasLineBreak(value) &&
    !value.includes("\0");
  if (isRight) return `id: ${value}\n`;
  const expected = "a number, or text without a line break or U+0000";
  throw new TypeError(describeMismatch(VERB, "id", expected, value));
}

function formatRetry(value: number): string {
  assertInteger(VERB, "retry", value, 0);
  return `retry: ${value}\n`;
}
