// Copyright 2026 the Tidings authors. MIT license.

/**
 * How messages travel, in either direction: as events of an event stream, whose
 * ids count them from 1.
 *
 * @module
 */

import type { ServerSentEvent, ServerSentEventInit } from "../event.ts";
import { hasLineBreak } from "../_encoder/line_breaks.ts";
import { decodeBase64, encodeBase64 } from "./_base64.ts";

/** The content of a message. Bytes have a buffer of their own. */
export type SocketData = string | Uint8Array<ArrayBuffer>;

/** What the server tells a client first, as the JSON of an `open` event. */
export interface Opening {
  /** The session's id, which each further request brings along. */
  session: string;
  /** The subprotocol that the server has chosen, or an empty string. */
  protocol: string;
  /** Milliseconds after which the server gives up a client that is away. */
  sessionTimeout: number;
  /** Bytes that the body of a POST may have. */
  maxBatchSize: number;
  /** Bytes of events after which the client has to say what it got. */
  acknowledgeAfter: number;
}

/** The request header that brings the session's id, {@linkcode NEW_SESSION} at first. */
export const SESSION_HEADER = "socket-session";
/** What stands in the place of an id in the request for a new session. */
export const NEW_SESSION = "new";
/** The request header that lists the subprotocols of the client. */
export const PROTOCOLS_HEADER = "socket-protocols";

// The event types. A plain text is a `message`.
/** The server's first event, with an {@linkcode Opening}. */
export const OPEN_EVENT = "open";
/** The last event of either side, with a `CloseReason`. */
export const CLOSE_EVENT = "close";
/** Text as JSON: an event stream would not keep its line breaks. */
const ESCAPED_EVENT = "escaped";
/** Bytes as base64. */
const BINARY_EVENT = "binary";

const ASCII_REGEXP = /^[\0-\x7f]*$/;
const ENCODER = new TextEncoder();

/** Makes the event that carries a message. */
export function toEvent(data: SocketData): ServerSentEventInit {
  if (typeof data !== "string") {
    return { event: BINARY_EVENT, data: encodeBase64(data) };
  }
  return hasLineBreak(data)
    ? { event: ESCAPED_EVENT, data: JSON.stringify(data) }
    : { data };
}

/**
 * Reads the message that an event carries.
 *
 * @throws {SyntaxError} If the event carries none.
 */
export function fromEvent({ event, data }: ServerSentEvent): SocketData {
  if (event === "message") return data;
  if (event === BINARY_EVENT) return decodeBase64(data);
  if (event === ESCAPED_EVENT) {
    const text = JSON.parse(data);
    if (typeof text === "string" && text.isWellFormed()) return text;
  }
  throw new SyntaxError(
    `Cannot read message: the event is ${
      JSON.stringify(event.slice(0, 40))
    } with the data ${JSON.stringify(data.slice(0, 40))}, a message is wanted`,
  );
}

/** Counts the bytes of a message, of text as UTF-8. */
export function byteLengthOf(data: SocketData): number {
  if (typeof data !== "string") return data.byteLength;
  // The regular expression takes a fraction of what encoding does.
  return ASCII_REGEXP.test(data) ? data.length : ENCODER.encode(data).length;
}
