// Copyright 2026 the Tidings authors. MIT license.

/**
 * The messages that the tabs of a shared connection send over their `BroadcastChannel`.
 *
 * @module
 */

import type { PageChange } from "../_client/page_change.ts";
import type { ServerSentEvent } from "../event.ts";
import type { ConnectionStatus } from "./_status.ts";

/** What has become of a page that is not paused. */
export type PageWake = Pick<PageChange, "isBack" | "staleAfter">;

/** Consecutive events of the shared stream, and what comes after them. */
export interface EventRange {
  readonly events: readonly ServerSentEvent[];
  /** The number of the event that comes after them. */
  readonly next: number;
  /** The stream's last event ID after them. */
  readonly lastEventId: string;
}

/** What the leader sends: events, and its whole state each time. */
export interface LeaderMessage extends EventRange, ConnectionStatus {
  /** The leader's term, greater than that of each leader before. */
  readonly term: number;
  /** The follower whose report this answers, `undefined` if it is for all. */
  readonly to: number | undefined;
}

/** What a follower reports: the event that it expects, and those that the leader may lack. */
export interface FollowerMessage extends EventRange {
  /** The number by which a follower knows the answers to its own reports. */
  readonly from: number;
  /** The greatest term that the follower knows. */
  readonly term: number;
  /** What has become of the follower's page, for the leader to look after the connection. */
  readonly page?: PageWake | undefined;
}
