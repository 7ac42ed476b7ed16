// Copyright 2026 the Tidings authors. MIT license.

/**
 * Takes snapshots for one subscriber, until the log still has what follows one. Each
 * subscriber that begins with the present state has one of these.
 *
 * @module
 */

import type { Broadcaster } from "./broadcaster.ts";
import type {
  Snapshot,
  SnapshotLoad,
  SnapshotSource,
  SnapshotWaiter,
} from "./snapshot_load.ts";
import type { CloseReason } from "../server.ts";

/** What a subscriber may begin with, and for whom it is loaded. */
export interface SubscriberSnapshotOptions {
  readonly source: SnapshotSource;
  /** The client's request; left out where the snapshot is shared. */
  readonly request: Request | undefined;
}

/** A subscriber, as its snapshots see it. */
export interface SnapshotOwner {
  /** Takes a snapshot, and goes on after its cursor. */
  takeSnapshot(snapshot: Snapshot): void;
  /** Ends the stream, after a last chunk if one is given. */
  end(reason: CloseReason, chunk?: Uint8Array<ArrayBuffer>): void;
  /** Ends the stream because of an error. */
  fail(error: unknown): void;
}

/** The most snapshots that are loaded one after the other. */
const MAX_ATTEMPTS = 3;

/** The snapshots of one subscriber. */
export class SubscriberSnapshot implements SnapshotWaiter {
  readonly #broadcaster: Broadcaster;
  readonly #options: SubscriberSnapshotOptions;
  readonly #owner: SnapshotOwner;
  /** What is waited for; cleared when it is no longer. */
  #load: SnapshotLoad | undefined;
  #lastEventId: string | undefined;
  #attempts = 0;
  #isStopped = false;

  /**
   * @param broadcaster Loads the snapshots.
   * @param options What to load.
   * @param owner The subscriber.
   */
  constructor(
    broadcaster: Broadcaster,
    options: SubscriberSnapshotOptions,
    owner: SnapshotOwner,
  ) {
    this.#broadcaster = broadcaster;
    this.#options = options;
    this.#owner = owner;
  }

  /**
   * Takes a snapshot. The owner is called back later.
   *
   * @param lastEventId The ID after which events are missing, if the client has one.
   */
  take(lastEventId: string | undefined): void {
    this.#lastEventId = lastEventId;
    this.#attempts = 0;
    this.#attempt();
  }

  /** Ends the wait. Called when the subscriber is closed. */
  stop(): void {
    this.#isStopped = true;
    this.#load?.leave(this);
    this.#load = undefined;
  }

  /** Called when the snapshot is loaded. */
  handleSnapshot(snapshot: Snapshot): void {
    // It is set for as long as there is a wait.
    const load = this.#load!;
    const isKept = load.isKept();
    if (isKept === true) return this.#owner.takeSnapshot(snapshot);
    Promise.resolve(isKept).then((isKept) => {
      if (this.#isStopped) return;
      if (isKept) this.#owner.takeSnapshot(snapshot);
      else this.#retry(load);
    });
  }

  /** Called when loading has failed. */
  handleError(error: unknown): void {
    this.#owner.fail(error);
  }

  #attempt(): void {
    const { feed } = this.#broadcaster;
    // A log may tell of a gap before it can be followed: there is no cursor to take yet.
    if (feed.endCursor === undefined) {
      feed.whenFollowed().then(() => {
        if (!this.#isStopped) this.#attempt();
      });
      return;
    }
    const { source, request } = this.#options;
    const context = {
      // A shared load is not told of it.
      request: request!,
      lastEventId: this.#lastEventId,
    };
    this.#load = this.#broadcaster.snapshots.join(source, context, this);
  }

  #retry(load: SnapshotLoad): void {
    const { key } = this.#options.source;
    const { snapshots, tally } = this.#broadcaster;
    if (key !== undefined) snapshots.drop(key, load);
    if (++this.#attempts < MAX_ATTEMPTS) return this.#attempt();
    tally.overflows++;
    this.#owner.end("overflow", this.#broadcaster.makeDelay());
  }
}
