// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes the subscriber of a request that was negotiated. `EventChannel.serve` calls it: a
 * function of its own, since closures that are made in one function share its scope, and
 * `onClose` would hold the request in memory for as long as the client is connected.
 *
 * @module
 */

import type { Broadcaster } from "./broadcaster.ts";
import { makeDescribeGap } from "./gap_notice.ts";
import type { CheckedServeOptions } from "./option_checks.ts";
import type { EventChannelOptions } from "./options.ts";
import { Subscriber } from "./subscriber.ts";
import type { Negotiation } from "../_server/negotiation.ts";
import type { CloseReason } from "../server.ts";

/** What is told of a subscriber. */
export interface SubscriberCallbacks {
  onGap: EventChannelOptions["onGap"];
  /** Called once when the stream has ended. */
  onClose: ((reason: CloseReason) => void) | undefined;
}

/**
 * Makes a subscriber, which joins the clients of a channel.
 *
 * @param broadcaster The broadcaster of the channel.
 * @param request The client's request.
 * @param negotiation What was negotiated about it.
 * @param options What the client gets.
 * @param callbacks What is told of it.
 */
export function makeSubscriber(
  broadcaster: Broadcaster,
  request: Request,
  { lastEventId, compression }: Negotiation,
  { replay, snapshot, interest }: CheckedServeOptions,
  { onGap, onClose }: SubscriberCallbacks,
): Subscriber {
  return new Subscriber(broadcaster, {
    lastEventId,
    replay,
    interest,
    compression,
    describeGap: makeDescribeGap(onGap, request),
    // A shared snapshot does not keep the request in memory.
    snapshot: snapshot &&
      { source: snapshot, request: snapshot.key ? undefined : request },
    onClose,
  });
}
