// Copyright 2026 the Tidings authors. MIT license.

/**
 * Server-sent events, both ends, for every runtime with web standards.
 *
 * - {@linkcode readEvents}, {@linkcode EventStreamDecoderStream} and
 *   {@linkcode EventStreamParser} turn the bytes of an event stream into events.
 * - {@linkcode encodeEvent}, {@linkcode encodeEvents} and
 *   {@linkcode EventStreamEncoderStream} turn events into bytes.
 *
 * Each part can be imported alone, as `@tidings/sse/parser` or
 * `@tidings/sse/encoder`.
 *
 * @example From events to bytes and back
 * ```ts
 * import { encodeEvents, readEvents } from "@tidings/sse";
 * import { assertEquals } from "@std/assert";
 *
 * const response = new Response(
 *   encodeEvents([{ data: "a", id: 1 }, { event: "tick", data: "b" }]),
 *   { headers: { "content-type": "text/event-stream" } },
 * );
 *
 * assertEquals(await Array.fromAsync(readEvents(response)), [
 *   { event: "message", data: "a", id: "1", lastEventId: "1" },
 *   { event: "tick", data: "b", id: undefined, lastEventId: "1" },
 * ]);
 * ```
 *
 * @module
 */

export {
  EVENT_STREAM_TYPE,
  type ServerSentEvent,
  type ServerSentEventInit,
} from "./event.ts";
export {
  EventStreamDecoderStream,
  EventStreamError,
  type EventStreamErrorCode,
  type EventStreamErrorOptions,
  EventStreamParser,
  type EventStreamParserOptions,
  readEvents,
  type ReadEventsOptions,
} from "./parser.ts";
export {
  encodeEvent,
  encodeEvents,
  EventStreamEncoderStream,
} from "./encoder.ts";
