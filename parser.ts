// Copyright 2026 the Tidings authors. MIT license.

/**
 * The bytes of an event stream to events, by the letter of the
 * [WHATWG HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).
 *
 * There is one core, {@linkcode EventStreamParser}, which is synchronous: push
 * chunks, and it calls back for each event before `push` returns. Around it are
 * {@linkcode readEvents}, an async iterator and the quickest way from a response
 * to its events, and {@linkcode EventStreamDecoderStream}, a `TransformStream`.
 *
 * All of them hold at most {@linkcode EventStreamParserOptions.maxEventSize} of
 * an event that does not end, take the same time for each byte whatever the
 * chunks are, and turn invalid UTF-8 into U+FFFD rather than an error. An event
 * that the end of the stream cuts off is dropped, as the standard demands.
 *
 * @example Read the events of a response
 * ```ts
 * import { readEvents } from "@tidings/sse/parser";
 * import { assertEquals } from "@std/assert";
 *
 * const response = new Response("data: a\n\nevent: tick\ndata: b\n\n", {
 *   headers: { "content-type": "text/event-stream" },
 * });
 *
 * const events = await Array.fromAsync(readEvents(response));
 * assertEquals(events.map(({ event, data }) => [event, data]), [
 *   ["message", "a"],
 *   ["tick", "b"],
 * ]);
 * ```
 *
 * @module
 */

import { openByteSource } from "./_parser/byte_source.ts";
import { EventIterator } from "./_parser/event_iterator.ts";
import {
  EventStreamParser,
  type EventStreamParserOptions,
} from "./_parser/event_stream_parser.ts";
import type { ServerSentEvent } from "./event.ts";

export {
  EventStreamError,
  type EventStreamErrorCode,
  type EventStreamErrorOptions,
} from "./_parser/event_stream_error.ts";
export {
  EventStreamParser,
  type EventStreamParserOptions,
} from "./_parser/event_stream_parser.ts";

/** Options of {@linkcode readEvents}. */
export interface ReadEventsOptions extends EventStreamParserOptions {
  /**
   * Ends the iteration: the call of `next()` that waits, or else the next one,
   * rejects with the signal's reason, and the source is cancelled with it.
   */
  signal?: AbortSignal | undefined;
  /**
   * Accepts a response whatever its `Content-Type`; some services send none.
   *
   * @default {false}
   */
  ignoreContentType?: boolean | undefined;
}

/**
 * Decodes an event stream: bytes in, events out. It takes bytes, so there is no
 * `TextDecoderStream` in front of it.
 *
 * It costs a hop through a stream for each event; where the events are only
 * iterated over, {@linkcode readEvents} is quicker.
 *
 * @example Usage
 * ```ts
 * import { EventStreamDecoderStream } from "@tidings/sse/parser";
 * import { assertEquals } from "@std/assert";
 *
 * const events = new Response("data: a\n\ndata: b\n\n").body!
 *   .pipeThrough(new EventStreamDecoderStream());
 *
 * const data = await Array.fromAsync(events, (event) => event.data);
 * assertEquals(data, ["a", "b"]);
 * ```
 */
export class EventStreamDecoderStream
  extends TransformStream<Uint8Array, ServerSentEvent> {
  /**
   * Makes a stream that decodes one event stream.
   *
   * @param options Limits, and what else to be told. An event beyond
   * `maxEventSize` errors both sides with an {@linkcode EventStreamError}; events
   * that were not read yet are dropped then, as in every stream that errors.
   * @throws {TypeError} As {@linkcode EventStreamParser} does.
   * @throws {RangeError} As {@linkcode EventStreamParser} does.
   */
  constructor(options: EventStreamParserOptions = {}) {
    // The one of this stream: it comes with each chunk.
    let controller!: TransformStreamDefaultController<ServerSentEvent>;
    const parser = new EventStreamParser(
      (event) => controller.enqueue(event),
      options,
    );
    super({
      transform(chunk, given): void {
        controller = given;
        parser.push(chunk);
      },
    });
  }
}

/**
 * Iterates over the events of a response, a stream or an async iterable of bytes.
 *
 * Nothing is read before it is asked for, and each chunk is parsed whole, so an
 * event is there in the same turn as the bytes that complete it. `break`,
 * `return()`, an error and an abort cancel the source. Calls of `next()` may
 * overlap; they are answered in order.
 *
 * @example The answer of a language model
 * ```ts
 * import { readEvents } from "@tidings/sse/parser";
 * import { assertEquals } from "@std/assert";
 *
 * const response = new Response(
 *   'data: {"text":"Hel"}\n\ndata: {"text":"lo"}\n\ndata: [DONE]\n\n',
 *   { headers: { "content-type": "text/event-stream" } },
 * );
 *
 * let text = "";
 * for await (const { data } of readEvents(response)) {
 *   if (data === "[DONE]") break;
 *   text += JSON.parse(data).text;
 * }
 * assertEquals(text, "Hello");
 * ```
 *
 * @param source Where the bytes come from. A response must have status 200 and be
 * `text/event-stream`.
 * @param options Limits, and how to end it.
 * @returns The events. Its `next()` rejects with what the source throws, with an
 * {@linkcode EventStreamError} if an event grows beyond `maxEventSize`, and with
 * the signal's reason; the events before are handed out first, but for an abort.
 * @throws {EventStreamError} If a response has another status or type or no body;
 * its body is cancelled.
 * @throws {TypeError} If the source is of another type or is locked, or as
 * {@linkcode EventStreamParser} does.
 * @throws {RangeError} As {@linkcode EventStreamParser} does.
 */
export function readEvents(
  source: Response | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  options: ReadEventsOptions = {},
): AsyncIterableIterator<ServerSentEvent, undefined> & AsyncDisposable {
  return new EventIterator(
    (onEvent) => new EventStreamParser(onEvent, options),
    () => openByteSource(source, options.ignoreContentType),
    options.signal,
  );
}
