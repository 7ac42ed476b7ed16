// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a subscriber is made of. There is no behaviour here.
 *
 * @module
 */

import type { DescribeGap } from "./gap_notice.ts";
import type { Interest } from "./group.ts";
import type { SubscriberSnapshotOptions } from "./subscriber_snapshot.ts";
import type { EventCompression } from "../_server/compression.ts";
import type { CloseReason } from "../server.ts";

/** The options of a subscriber. */
export interface SubscriberOptions {
  /** The last event ID that the client has sent. */
  lastEventId: string | undefined;
  /** How many past events a client without an ID gets; may be `Infinity`. */
  replay: number;
  /** Which events the client gets. */
  interest: Interest;
  /** How the stream is compressed, if it is. */
  compression: EventCompression | undefined;
  /** Makes what the client is sent in place of missing events. */
  describeGap: DescribeGap;
  /** What the client gets if it has no ID, or the log does not reach back to that. */
  snapshot?: SubscriberSnapshotOptions | undefined;
  /** Called once when the stream has ended. It does not throw. */
  onClose: ((reason: CloseReason) => void) | undefined;
}
