// Copyright 2026 the Tidings authors. MIT license.

/**
 * Events to the bytes of an event stream.
 *
 * {@linkcode encodeEvent} makes the bytes of one event, {@linkcode encodeEvents}
 * one chunk of many, and {@linkcode EventStreamEncoderStream} is the same as a
 * stream. All three check before they write: a bad field throws an error that
 * names it, nothing is repaired silently, and nothing of that event is sent.
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

import { dataOf } from "./_encoder/event_data.ts";
import { quote } from "./_validate.ts";
import type { ServerSentEventInit } from "./event.ts";

const ENCODER = new TextEncoder();
const LINE_BREAK_REGEXP = /\r\n|\r|\n/g;
const HAS_LINE_BREAK_REGEXP = /[\r\n]/;
const ID_FORBIDDEN_REGEXP = /[\0\r\n]/;

/**
 * Encodes one event as one block of an event stream.
 *
 * Fields are written in the order `comment`, `event`, `data`, `id`, `retry`, one
 * line for each line of `data` and `comment`, and a blank line ends the block. The
 * text of `json` takes the place of `data`.
 * There is always one space after the colon, so that a value's own leading space
 * survives. Lone surrogates become U+FFFD, as in all text that is sent as UTF-8.
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
 * or if `json` is there and has no text in JSON.
 * @throws {RangeError} If `retry` is not an integer of at least 0, or `id` is a
 * number that is not finite.
 */
export function encodeEvent(
  event: ServerSentEventInit,
): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(formatEvent(event));
}

/**
 * Encodes events into one chunk: the same bytes as {@linkcode encodeEvent} for
 * each, joined, at a fraction of the cost.
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
 * A stream that encodes events, one chunk for each. A bad field errors the stream
 * with what {@linkcode encodeEvent} throws, and nothing of that event is sent.
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

function formatLines(prefix: string, field: string, value: unknown): string {
  assertString(field, value);
  if (HAS_LINE_BREAK_REGEXP.test(value)) {
    value = value.replace(LINE_BREAK_REGEXP, "\n" + prefix);
  }
  return prefix + value + "\n";
}

function formatEventType(value: unknown): string {
  assertString("event", value);
  if (HAS_LINE_BREAK_REGEXP.test(value)) {
    throw new TypeError(
      `Cannot encode event: "event" is ${
        quote(value)
      }, no line break is allowed`,
    );
  }
  // "message" is what a receiver makes of no event field at all; without the line
  // a relay gives back the bytes that it got.
  return value === "message" ? "" : `event: ${value}\n`;
}

function formatId(value: unknown): string {
  if (typeof value === "number") {
    if (Number.isFinite(value)) return `id: ${value}\n`;
    throw new RangeError(
      `Cannot encode event: "id" is ${value}, a finite number is wanted`,
    );
  }
  assertString("id", value);
  if (ID_FORBIDDEN_REGEXP.test(value)) {
    throw new TypeError(
      `Cannot encode event: "id" is ${
        quote(value)
      }, no line break or U+0000 is allowed`,
    );
  }
  return `id: ${value}\n`;
}

function formatRetry(value: unknown): string {
  if (typeof value !== "number") {
    throw new TypeError(
      `Cannot encode event: "retry" is ${quote(value)}, a number is wanted`,
    );
  }
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(
      `Cannot encode event: "retry" is ${value}, an integer of at least 0 is wanted`,
    );
  }
  return `retry: ${value}\n`;
}

function assertString(field: string, value: unknown): asserts value is string {
  if (typeof value !== "string") {
    throw new TypeError(
      `Cannot encode event: "${field}" is ${quote(value)}, a string is wanted`,
    );
  }
}
