// Copyright 2026 the Tidings authors. MIT license.

import {
  CONNECTING,
  type ConnectionState,
} from "../_client/connection_state.ts";
import { EventSourceError } from "../_client/event_source_error.ts";

/** How the connection is. */
export interface Status {
  readonly readyState: 0 | 1 | 2;
  /** Whether it was lost just now, or an attempt has failed. */
  readonly hasFailed: boolean;
  /** The URL of the response, while there is one. */
  readonly url: string;
}

/** The status while nobody holds the connection. */
export const NO_CONNECTION: Status = {
  readyState: CONNECTING,
  hasFailed: false,
  url: "",
};

/**
 * Describes the status as far as another tab's `EventSource` looks at it: where
 * events are from, or that there is an error.
 */
export function describe({ url }: Status): ConnectionState {
  return url === ""
    ? {
      state: "closed",
      error: new EventSourceError(
        "network-error",
        "Cannot read event stream: another tab has lost it",
      ),
    }
    : { state: "open", response: { status: 200, headers: new Headers(), url } };
}
