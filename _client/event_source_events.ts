// Copyright 2026 the Tidings authors. MIT license.

/**
 * The types of the events of `EventSource` and `SharedEventSource`.
 *
 * @module
 */

import type { EventSourceError } from "./event_source_error.ts";

/**
 * An `error` event that says more than the standard's, where there is something to say. The
 * events of browsers' own classes have none of these members.
 */
export interface EventSourceErrorEvent extends Event {
  /** The status of the response that was refused, otherwise `undefined`. */
  readonly status?: number | undefined;
  /** Why the connection was lost, in prose. */
  readonly message?: string | undefined;
  /** The same in fields. */
  readonly error?: EventSourceError | undefined;
}

/** The events of every {@linkcode EventSource}. */
export interface EventSourceEventMap {
  /** The connection is open. */
  open: Event;
  /** An event of the type `"message"`, the one without a name on the wire. */
  message: MessageEvent<string>;
  /**
   * The connection was lost. It will be reestablished if `readyState` is
   * `CONNECTING`; it has failed for good if it is `CLOSED`.
   */
  error: EventSourceErrorEvent;
}
