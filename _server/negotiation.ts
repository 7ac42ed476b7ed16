// Copyright 2026 the Tidings authors. MIT license.

/**
 * What was decided about a request that may get a stream. `negotiate()` makes it; there is
 * no behaviour here.
 *
 * @module
 */

import type { EventCompression } from "./compression.ts";
import type { RefusedRequest } from "./refuse.ts";

/** What is decided about a request that may get a stream. */
export interface Negotiation extends RefusedRequest {
  /** The last event ID that the client brings. */
  readonly lastEventId: string | undefined;
  /** How the client gets the stream; `undefined` if it gets it as it is. */
  readonly compression: EventCompression | undefined;
  /** Whether other clients may get the stream compressed in another way, or not at all. */
  readonly varies: boolean;
  /** Whether a stream has the headers that every stream has, and no other. */
  readonly isPlain: boolean;
}
