// Copyright 2026 the Tidings authors. MIT license.

/**
 * Parses the bytes of an event stream, by the letter of the [WHATWG HTML
 * standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).
 *
 * {@linkcode EventStreamParser} is the core, and synchronous: push chunks, and it calls
 * back for each event before `push` returns. {@linkcode readEvents} is an async iterator
 * around it, and the fastest way from a response to its events.
 * {@linkcode EventStreamDecoderStream} is a `TransformStream` around it.
 *
 * All of them keep at most {@linkcode EventStreamParserOptions.maxEventSize} of an event
 * that does not end, take linear time however the stream is cut into chunks, and decode
 * invalid UTF-8 as U+FFFD. An event that the end of the stream cuts off is dropped, as
 * the standard demands.
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

import { PlatformTransformStream } from "./_platform_class.ts";
import {
  EventIterator,
  type ReadEventsOptions,
} from "./_parser/event_iterator.ts";
import {
  EventStreamParser,
  type EventStreamParserOptions,
} from "./_parser/event_stream_parser.ts";
import type { ServerSentEvent } from "./event.ts";

export type { ReadEventsOptions } from "./_parser/event_iterator.ts";
export {
  EventStreamError,
  type EventStreamErrorCode,
  type EventStreamErrorOptions,
} from "./_parser/event_stream_error.ts";
export {
  EventStreamParser,
  type EventStreamParserOptions,
} from "./_parser/event_stream_parser.ts";

/**
 * A stream that decodes bytes as events. It takes bytes, so it needs no
 * `TextDecoderStream` before it.
 *
 * Each event passes through a stream; to iterate over events, {@linkcode readEvents} is
 * faster.
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
  extends PlatformTransformStream<Uint8Array, ServerSentEvent> {
  /**
   * Makes a stream that decodes one event stream.
   *
   * @param options The limit of an event, and a callback for comments. An event beyond
   * `maxEventSize` errors both sides with an {@linkcode EventStreamError}. Events that
   * were not read yet are dropped then, as in every stream that errors.
   * @throws {TypeError} As {@linkcode EventStreamParser} does.
   * @throws {RangeError} As {@linkcode EventStreamParser} does.
   */
  constructor(options: EventStreamParserOptions = {}) {
    // `transform` gets it with each chunk, before it pushes.
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
 * Nothing is read ahead of `next()`. Each chunk is parsed whole, so that an event is
 * there in the same event loop turn as the bytes that complete it. `break`, `return()`,
 * an error and an abort cancel the source. Calls of `next()` may overlap; they are
 * answered in order.
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
 * @param source The source of the bytes. A response must have the status 200 and the type
 * `text/event-stream`.
 * @param options The limit of an event, and a signal.
 * @returns The events. `next()` rejects with the error that the source throws, with an
 * {@linkcode EventStreamError} if an event grows beyond `maxEventSize`, and with the
 * signal's reason if that is a `TimeoutError`. The events before an error are handed out
 * first; an abort drops them. If a response has another status or type or no body, the
 * first `next()` reads the beginning of the body, and rejects with an
 * {@linkcode EventStreamError} that has it.
 * @throws {TypeError} If the source is of another type or is locked, or as
 * {@linkcode EventStreamParser} does.
 * @throws {RangeError} As {@linkcode EventStreamParser} does.
 */
export function readEvents(
  source: Response | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  options: ReadEventsOptions = {},
): AsyncIterableIterator<ServerSentEvent, undefined> & AsyncDisposable {
  return new EventIterator(source, options);
}
