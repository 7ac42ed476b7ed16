// Copyright 2026 the Tidings authors. MIT license.

/**
 * The states of a connection, as `readyState` numbers them and as `onStateChange` is
 * told.
 *
 * @module
 */

import type {
  DisconnectReason,
  EventSourceError,
} from "./event_source_error.ts";

/** The value of `readyState` while there is no connection, or not yet. */
export const CONNECTING = 0;
/** The value of `readyState` while there is a connection. */
export const OPEN = 1;
/** The value of `readyState` once the connection ended for good. */
export const CLOSED = 2;

/** What is known of the response that a connection reads. */
export interface ConnectionResponse {
  /** The response's status. */
  status: number;
  /** The response's headers. */
  headers: Headers;
  /** The response's URL, after redirects. */
  url: string;
}

/** Why a connection was lost, and what follows if it is reestablished. */
export interface Disconnection {
  /** Why the connection was lost. */
  reason: DisconnectReason;
  /** The status of the response that was refused, otherwise `undefined`. */
  status: number | undefined;
  /** The headers of the response that was refused, otherwise `undefined`. */
  headers: Headers | undefined;
  /** The same with a message, the beginning of the body and the cause. */
  error: EventSourceError;
  /** The number of the next attempt: 1 after a healthy connection. */
  attempt: number;
  /** Milliseconds until the next attempt. */
  delay: number;
}

/**
 * A change of a connection's state: it is open, it was lost and is going to be
 * reestablished, or it ended for good.
 */
export type ConnectionState =
  | { state: "open"; response: ConnectionResponse }
  | ({ state: "reconnecting" } & Disconnection)
  | {
    state: "closed";
    /** Why it ended, `undefined` if this side closed it. */
    error: EventSourceError | undefined;
  };
