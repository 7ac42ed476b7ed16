// Copyright 2026 the Tidings authors. MIT license.

/**
 * How the messages of a socket are encoded, in either direction: as events of an event
 * stream, whose IDs count them from 1.
 *
 * @module
 */

import type { ServerSentEvent, ServerSentEventInit } from "../event.ts";
import { hasLineBreak } from "../_encoder/line_breaks.ts";
import { quote } from "../_validate.ts";
import { decodeBase64, encodeBase64 } from "./_base64.ts";
import { ENCODER } from "../_platform_class.ts";

/** The content of a message. Bytes have a buffer of their own. */
export type SocketData = string | Uint8Array<ArrayBuffer>;

/** What the server tells a client first, as the JSON of an `open` event. */
export interface Opening {
  /** The session's ID, which each later request has in a header. */
  session: string;
  /** The subprotocol that the server has chosen, or an empty string. */
  protocol: string;
  /** Milliseconds for which the server keeps a session without a stream. */
  sessionTimeout: number;
  /** Bytes that the body of a POST may have. */
  maxBatchSize: number;
  /** Bytes of events after which the client has to acknowledge them. */
  acknowledgeAfter: number;
}

/** The request header with the session's ID, {@linkcode NEW_SESSION} at first. */
export const SESSION_HEADER = "socket-session";
/** The value of that header in the request for a new session. */
export const NEW_SESSION = "new";
/** The request header that lists the subprotocols of the client. */
export const PROTOCOLS_HEADER = "socket-protocols";

/**
 * The request header with the origin of the page, of a page that is the server's own by its
 * URL: a browser tells its origin with a POST only.
 */
export const ORIGIN_HEADER = "socket-origin";

/** The type of the server's first event, with an {@linkcode Opening}. */
export const OPEN_EVENT = "open";
/** The type of the last event of either side, with a `CloseReason`. */
export const CLOSE_EVENT = "close";
/** The type for text as JSON: an event stream would change its line breaks. */
const ESCAPED_EVENT = "escaped";
/** The type for bytes as base64. Other text has the type `message`. */
const BINARY_EVENT = "binary";

const ASCII_REGEXP = /^[\0-\x7f]*$/;

/** Encodes a message as an event. */
export function toEvent(data: SocketData): ServerSentEventInit {
  if (typeof data !== "string") {
    return { event: BINARY_EVENT, data: encodeBase64(data) };
  }
  return hasLineBreak(data)
    ? { event: ESCAPED_EVENT, data: JSON.stringify(data) }
    : { data };
}

/**
 * Decodes the message of an event.
 *
 * @throws {SyntaxError} If the event is not a message.
 */
export function fromEvent({ event, data }: ServerSentEvent): SocketData {
  if (event === "message") return data;
  if (event === BINARY_EVENT) return decodeBase64(data);
  if (event === ESCAPED_EVENT) {
    const text = JSON.parse(data);
    if (typeof text === "string" && text.isWellFormed()) return text;
  }
  throw new SyntaxError(
    `Cannot read message: expected a message, got the event ${
      quote(event)
    } with the data ${quote(data)}`,
  );
}

/** Counts the bytes of a message, of text as UTF-8. */
export function byteLengthOf(data: SocketData): number {
  if (typeof data !== "string") return data.byteLength;
  // The regular expression takes a fraction of the time that encoding takes.
  return ASCII_REGEXP.test(data) ? data.length : ENCODER.encode(data).length;
}
