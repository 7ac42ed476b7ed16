// Copyright 2026 the Tidings authors. MIT license.

/**
 * The words that the rest of the package shares: the shape of an event that is
 * received, the shape of an event that is sent, and the MIME type of an event
 * stream. There is no behaviour here.
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
 * The MIME type of an event stream, as it stands in `Content-Type` and `Accept`.
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
 * An event as it is received. All four members are always present.
 *
 * It can be sent on as it is: a {@linkcode ServerSentEvent} is also a valid
 * {@linkcode ServerSentEventInit} with the same meaning.
 */
export interface ServerSentEvent {
  /** The event type: the last `event` field, or `"message"` if it is absent or empty. */
  event: string;
  /** The values of the `data` fields, joined by line feeds. */
  data: string;
  /**
   * The `id` field of this very event, `undefined` if it had none. An empty
   * string is a field that was sent and that clears the last event ID.
   */
  id: string | undefined;
  /**
   * The last event ID of the stream once this event was received. It persists
   * from event to event, so it may come from an earlier one; empty if no event
   * ever set it.
   */
  lastEventId: string;
}

/**
 * An event as it is sent. Every field is optional; one that is left out or
 * `undefined` is not written. `@std/http`'s `ServerSentEventMessage` is
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
   * A value to send as JSON, in place of `data`: its text is what
   * `JSON.stringify` makes of it. `undefined`, a function, a cycle and a BigInt
   * have none.
   */
  json?: unknown;
  /**
   * The event's ID, from which a receiver resumes. It must not hold a line
   * break or U+0000; a number must be finite. The empty string clears the
   * receiver's last event ID.
   *
   * `serveEvents()`, channels and logs also refuse what a client cannot bring back
   * in a header: a control character, a blank at either end, a lone surrogate, more
   * than 1024 bytes of UTF-8.
   */
  id?: string | number | undefined;
  /** The receiver's new reconnection time in milliseconds: a safe integer, at least 0. */
  retry?: number | undefined;
  /** Text that receivers ignore. It may hold line breaks. */
  comment?: string | undefined;
}

/** An event as it is sent, whose text is in `data`. */
export interface TextEventInit extends ServerSentEventInit {
  /** Nothing: it has become `data`. */
  json?: undefined;
}

/** An event of a certain type as it is sent, with `json` of a certain type. */
export interface JsonEventInit<Type extends string, Json>
  extends ServerSentEventInit {
  /** The event type. */
  event: Type;
  /** Nothing: the text is in `json`. */
  data?: undefined;
  /** The value to send. */
  json: Json;
}

/** A {@linkcode JsonEventInit} of the type `"message"`, which need not be named. */
export interface JsonMessageInit<Json> extends ServerSentEventInit {
  /** The event type. */
  event?: "message" | undefined;
  /** Nothing: the text is in `json`. */
  data?: undefined;
  /** The value to send. */
  json: Json;
}

/** What is sent without being an event: an ID, a reconnection time, a comment. */
export interface DatalessEventInit extends ServerSentEventInit {
  /** Nothing: there is no event. */
  event?: undefined;
  /** Nothing: there is no event. */
  data?: undefined;
  /** Nothing: there is no event. */
  json?: undefined;
}

/**
 * An event as it is sent where a map says which types there are, and what `json` is
 * in each: `{ tick: { price: number }; done: null }`. Events without a type go by
 * `message`. Without a map (`unknown`), it is any {@linkcode ServerSentEventInit}.
 *
 * The map is for the compiler: nothing is checked when the program runs.
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
 * @typeParam Events What `json` is, by event type.
 */
export type TypedEventInit<Events> = [Events] extends [object] ?
    | {
      // Not `Type` as it is, from which the compiler would infer a map of its own
      // where events without one are served.
      [Type in keyof Events & string]: Type extends "message"
        ? JsonMessageInit<Events[Type]>
        : JsonEventInit<`${Type}`, Events[Type]>;
    }[keyof Events & string]
    | DatalessEventInit
  : ServerSentEventInit;
