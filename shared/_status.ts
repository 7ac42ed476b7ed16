// Copyright 2026 the Tidings authors. MIT license.

/**
 * The state of the leader's connection, as its messages carry it to the followers.
 *
 * @module
 */

import {
  CONNECTING,
  type ConnectionState,
} from "../_client/connection_state.ts";
import {
  EventSourceError,
  type EventSourceErrorOptions,
} from "../_client/event_source_error.ts";

/** The state of the leader's connection. */
export interface ConnectionStatus {
  readonly readyState: 0 | 1 | 2;
  /** Whether the connection was lost just now, or an attempt has failed. */
  readonly hasFailed: boolean;
  /** The URL of the response, while there is one. */
  readonly url: string;
  /** Why there is no connection, once one was lost or an attempt has failed. */
  readonly failure?: Failure | undefined;
}

/** An `EventSourceError` as a message can carry it: without its headers and its cause. */
export type Failure =
  & Pick<EventSourceError, "reason" | "message">
  & Pick<EventSourceErrorOptions, "url" | "status" | "body">;

/** A change of `readyState`, and what `onStateChange` is called with. */
export interface StateChange {
  readonly readyState: 0 | 1 | 2;
  readonly state: ConnectionState;
}

/** The status while there is no leader. */
export const NO_CONNECTION: ConnectionStatus = {
  readyState: CONNECTING,
  hasFailed: false,
  url: "",
};

/** Describes an error for the other tabs. */
export function toFailure(error: EventSourceError): Failure {
  return { ...error, message: error.message, headers: undefined } as Failure;
}

/**
 * Describes the status for the `EventSource` of a follower, which reads no more of it than
 * the URL that events come from, or why there is an error.
 */
export function describe({ url, failure }: ConnectionStatus): ConnectionState {
  const {
    reason = "network-error",
    message = "Cannot read event stream: another tab lost it",
  } = failure ?? {};
  return url
    ? { state: "open", response: { status: 200, headers: new Headers(), url } }
    : {
      state: "closed",
      error: new EventSourceError(reason, message, failure),
    };
}
