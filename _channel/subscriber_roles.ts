// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a subscriber is to the parts of a channel. There is no behaviour here.
 *
 * @module
 */

import type { ChannelSubscriber } from "./broadcaster.ts";
import type { Waiter } from "./cursor_queue.ts";
import type { GroupMember } from "./group.ts";
import type { Newcomer } from "./replay_search.ts";
import type { SnapshotOwner } from "./subscriber_snapshot.ts";
import type { SinkOwner } from "../_server/sink.ts";

/** All that others call of a subscriber. */
export interface SubscriberRoles
  extends
    ChannelSubscriber,
    GroupMember,
    Newcomer,
    SnapshotOwner,
    Waiter,
    SinkOwner {}
