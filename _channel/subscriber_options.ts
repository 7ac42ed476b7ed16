// Copyright 2026 the Tidings authors. MIT license.

/**
 * What is known of a client when it comes. There is no behaviour here.
 *
 * @module
 */

import type { DescribeGap } from "./gap_notice.ts";
import type { Interest } from "./group.ts";
import type { EventCompression } from "../_server/compression.ts";
import type { CloseReason } from "../server.ts";

/** A client that comes. */
export interface SubscriberOptions {
  /** The ID of the last event that the client has seen. */
  lastEventId: string | undefined;
  /** How many past events a client that brings no ID gets; may be `Infinity`. */
  replay: number;
  /** Which events the client gets. */
  interest: Interest;
  /** How the client gets it, if not as it is. */
  compression: EventCompression | undefined;
  /** Makes what the client is sent in place of events that are missing. */
  describeGap: DescribeGap;
  /** Told once why the client is one no more. */
  onClose: ((reason: CloseReason) => void) | undefined;
}
