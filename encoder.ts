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

import { PlatformTransformStream } from "./_platform_class.ts";
import { VERB } from "./_encoder/event_data.ts";
import { encodeText, formatBlock } from "./_encoder/format_block.ts";
import { assertNoOptions } from "./_options.ts";
import type { ServerSentEventInit } from "./event.ts";

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
 * if JSON cannot express `json`, or if the event has one of `topics`, `topic`, `types`,
 * `filter`, `to`, `conflationKey`, `transaction` and `disconnect`, which only options may
 * have.
 * @throws {RangeError} If `retry` is not an integer of at least 0, or `id` is a
 * number that is not finite.
 */
export function encodeEvent(
  event: ServerSentEventInit,
): Uint8Array<ArrayBuffer> {
  return encodeText(formatEvent(event));
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
  return encodeText(text);
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
export class EventStreamEncoderStream extends PlatformTransformStream<
  ServerSentEventInit,
  Uint8Array<ArrayBuffer>
> {
  /** Makes a stream that encodes events. */
  constructor() {
    super({
      transform(event, controller): void {
        controller.enqueue(encodeEvent(event));
      },
    });
  }
}

function formatEvent(event: ServerSentEventInit): string {
  const text = formatBlock(event);
  // All receivers of the bytes would get an event that is meant for some of them.
  assertNoOptions(VERB, event);
  return text;
}
