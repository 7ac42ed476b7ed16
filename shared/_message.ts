// Copyright 2026 the Tidings authors. MIT license.

import type { ServerSentEvent } from "../event.ts";
import type { Status } from "./_status.ts";

/** Events of the shared stream, and where in it they stand. */
export interface Place {
  readonly events: readonly ServerSentEvent[];
  /** The number of the event that comes after them. */
  readonly next: number;
  /** The stream's last event ID after them. */
  readonly lastEventId: string;
}

/** What the leader says, which is always all that there is to know. */
export interface News extends Place, Status {
  /** The leader's number; a later one has a greater one. */
  readonly term: number;
  /** The tab that has asked, `undefined` if it is for all. */
  readonly to: number | undefined;
}

/** What a tab says to the leader: where it is, and events that the leader may lack. */
export interface Hello extends Place {
  readonly from: number;
  /** The greatest term that the tab has heard of. */
  readonly term: number;
}
