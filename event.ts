// Copyright 2026 the Tidings authors. MIT license.

/**
 * The types of events that are received and sent, and the MIME type of an event stream,
 * for all other parts of the package. There is no behaviour here.
 *
 * @example An event that is sent, and what arrives
 * ```ts
 * import type { ServerSentEvent, ServerSentEventInit } from "@tidings/sse/event";
 * import { assertEquals } from "@std/assert";
 *
 * const sent: ServerSentEventInit = { data: "22.5 °C", id: 7 };
 * const received: ServerSentEvent = {
 *   event: "message",
 *   data: "22.5 °C",
 *   id: "7",
 *   lastEventId: "7",
 * };
 * assertEquals(received.data, sent.data);
 * ```
 *
 * @module
 */

/**
 * The MIME type of an event stream, as in `Content-Type` and `Accept`.
 *
 * @example Usage
 * ```ts
 * import { EVENT_STREAM_TYPE } from "@tidings/sse/event";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(EVENT_STREAM_TYPE, "text/event-stream");
 * ```
 */
export const EVENT_STREAM_TYPE = "text/event-stream";

/**
 * A received event. All four members are always present.
 *
 * It can be sent on without a change: a {@linkcode ServerSentEvent} is also a valid
 * {@linkcode ServerSentEventInit} with the same meaning.
 */
export interface ServerSentEvent {
  /** The event type: the last `event` field, or `"message"` if it is absent or empty. */
  event: string;
  /** The values of the `data` fields, joined by line feeds. */
  data: string;
  /**
   * The `id` field of this event itself, `undefined` if it had none. An empty string
   * is a field that was sent, and that clears the last event ID.
   */
  id: string | undefined;
  /**
   * The last event ID of the stream after this event. It persists from event to event,
   * so it may come from an earlier one. It is empty if no event has set it.
   */
  lastEventId: string;
}

/**
 * An event to send. Every field is optional; one that is left out or `undefined` is not
 * written. `@std/http`'s `ServerSentEventMessage` is
 * accepted wherever this type is.
 *
 * A receiver dispatches an event only if it has `data` (the empty string
 * counts); without it, `id` and `retry` still take effect.
 */
export interface ServerSentEventInit {
  /**
   * The event type. It must not hold a line break. `"message"`, the receiver's
   * default, is not written.
   *
   * @default {"message"}
   */
  event?: string | undefined;
  /** The text of the event. CR LF, CR and LF all arrive as one LF. */
  data?: string | undefined;
  /**
   * A value to send as JSON, instead of `data`: the result of `JSON.stringify`. JSON
   * cannot express `undefined`, a function, a cycle or a BigInt.
   */
  json?: unknown;
  /**
   * The event's ID, from which a receiver resumes. It must not hold a line
   * break or U+0000; a number must be finite. The empty string clears the
   * receiver's last event ID.
   *
   * `serveEvents()`, channels and logs also refuse an ID that a client cannot bring back
   * in a header: one with a control character, with a space at either end, with a lone
   * surrogate, or of more than 1024 bytes of UTF-8.
   */
  id?: string | number | undefined;
  /** The receiver's new reconnection time in milliseconds: a safe integer, at least 0. */
  retry?: number | undefined;
  /** Text that receivers ignore. It may hold line breaks. */
  comment?: string | undefined;
}

/** An event to send, whose text is in `data`. */
export interface TextEventInit extends ServerSentEventInit {
  /** Left out: the text is in `data`. */
  json?: undefined;
}

/** An event to send, of a certain event type, with `json` of a certain type. */
export interface JsonEventInit<Type extends string, Json>
  extends ServerSentEventInit {
  /** The event type. */
  event: Type;
  /** Left out: the text is that of `json`. */
  data?: undefined;
  /** The value to send. */
  json: Json;
}

/** A {@linkcode JsonEventInit} of the type `"message"`, which need not be named. */
export interface JsonMessageInit<Json> extends ServerSentEventInit {
  /** The event type. */
  event?: "message" | undefined;
  /** Left out: the text is that of `json`. */
  data?: undefined;
  /** The value to send. */
  json: Json;
}

/** A block to send that is no event: an ID, a reconnection time, a comment. */
export interface DatalessEventInit extends ServerSentEventInit {
  /** Left out: there is no event. */
  event?: undefined;
  /** Left out: there is no event. */
  data?: undefined;
  /** Left out: there is no event. */
  json?: undefined;
}

/**
 * An event to send, by a map from event types to the types of their `json`:
 * `{ tick: { price: number }; done: null }`. The name of events without a type is
 * `message`. Without a map (`unknown`), it is any {@linkcode ServerSentEventInit}.
 *
 * The map is for the compiler: nothing is checked at run time.
 *
 * @example A generator of typed events
 * ```ts
 * import type { TypedEventInit } from "@tidings/sse/event";
 * import { encodeEvents } from "@tidings/sse/encoder";
 * import { assertEquals } from "@std/assert";
 *
 * interface Events {
 *   tick: { price: number };
 *   done: null;
 * }
 *
 * function* prices(): Generator<TypedEventInit<Events>> {
 *   yield { event: "tick", json: { price: 1 } };
 *   yield { event: "done", json: null };
 * }
 *
 * assertEquals(
 *   new TextDecoder().decode(encodeEvents(prices())),
 *   'event: tick\ndata: {"price":1}\n\nevent: done\ndata: null\n\n',
 * );
 * ```
 *
 * @typeParam Events The type of `json`, by event type.
 */
export type TypedEventInit<Events> = [Events] extends [object] ?
    | {
      // With plain `Type`, the compiler would infer a map from the events that are served
      // without one.
      [Type in keyof Events & string]: Type extends "message"
        ? JsonMessageInit<Events[Type]>
        : JsonEventInit<`${Type}`, Events[Type]>;
    }[keyof Events & string]
    | DatalessEventInit
  : ServerSentEventInit;
