// Copyright 2026 the Tidings authors. MIT license.

/**
 * What is between an `EventSource` and its connection, which `SharedEventSource` replaces.
 *
 * @module
 */

import type { ServerSentEvent } from "../event.ts";
import type { PageChangeTarget } from "./page_change.ts";

/** What an `EventSource` needs of its connection. */
export interface EventSourceConnection
  extends AsyncIterable<ServerSentEvent>, PageChangeTarget {
  readonly url: string;
  readonly readyState: 0 | 1 | 2;
  close(): void;
}

/** The method that makes the connection: `SharedEventSource` overrides it. */
export const MAKE_CONNECTION: unique symbol = Symbol();
