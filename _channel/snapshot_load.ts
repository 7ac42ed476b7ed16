// Copyright 2026 the Tidings authors. MIT license.

/**
 * Loads snapshots: takes a cursor, asks the application for the state, and encodes that.
 * Subscribers that name the same key share a load. A channel has one `SnapshotLoads`.
 *
 * @module
 */

import type { LogFeed } from "./log_feed.ts";
import type { EventSnapshotContext } from "./state_options.ts";
import { SlicedQueue } from "./sliced_queue.ts";
import { joinChunks } from "../_server/join_chunks.ts";
import { describeMismatch, MAX_DELAY } from "../_validate.ts";
import { encodeEvent, encodeEvents } from "../encoder.ts";
import type { ServerSentEventInit } from "../event.ts";

/** A snapshot, and the cursor that was taken before it was loaded. */
export interface Snapshot {
  readonly cursor: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How many events the bytes hold. */
  readonly events: number;
}

/** The option `snapshot`, checked and with the defaults filled in. */
export interface SnapshotSource {
  /** Subscribers with this key share what is loaded; `undefined` if none do. */
  readonly key: string | undefined;
  /** Milliseconds after loading for which others share the snapshot; may be `Infinity`. */
  readonly maxAge: number;
  /** Loads the state. A shared one is given a signal only. */
  readonly load: (context: EventSnapshotContext) => SnapshotEvents;
}

/** The events of a snapshot. */
type SnapshotEvents =
  | readonly ServerSentEventInit[]
  | Promise<readonly ServerSentEventInit[]>;

/** What waits for a snapshot. */
export interface SnapshotWaiter {
  handleSnapshot(snapshot: Snapshot): void;
  handleError(error: unknown): void;
}

/** Milliseconds after which a load that hangs is not shared with further subscribers. */
const MAX_LOADING = 10_000;

/** One question to the application, and its answer. */
export class SnapshotLoad {
  readonly begun: number = performance.now();
  readonly #feed: LogFeed;
  readonly #cursor: string;
  readonly #queue: SlicedQueue<() => void>;
  readonly #waiters = new Set<SnapshotWaiter>();
  readonly #controller = new AbortController();
  #snapshot: Snapshot | undefined;
  /** Whether the log still has the cursor; set while that is being asked. */
  #checking: Promise<boolean> | undefined;

  /**
   * @param feed Gives the cursor.
   * @param queue Has subscribers go on.
   */
  constructor(feed: LogFeed, queue: SlicedQueue<() => void>) {
    // The feed has a cursor: subscribers wait for it.
    this.#cursor = feed.endCursor!;
    this.#feed = feed;
    this.#queue = queue;
  }

  /** Whether the answer has come. */
  get isLoaded(): boolean {
    return this.#snapshot !== undefined;
  }

  /** Whether somebody waits for the answer. */
  get isAwaited(): boolean {
    return this.#waiters.size > 0;
  }

  /**
   * Whether the log still has everything after the snapshot's cursor. Subscribers that ask
   * at once share a reading of a remote log.
   */
  isKept(): boolean | Promise<boolean> {
    const cursor = this.#cursor;
    const isNear = this.#feed.reaches(cursor);
    if (isNear !== undefined) return isNear;
    if (this.#feed.liveSegment.find(cursor) !== undefined) return true;
    return this.#checking ??= Promise.resolve(
      this.#feed.isKept(cursor, () => true),
    ).finally(() => this.#checking = undefined);
  }

  /** Adds a subscriber, which is called back later. */
  enter(waiter: SnapshotWaiter): void {
    this.#waiters.add(waiter);
    if (this.#snapshot === undefined) return;
    this.#answer(waiter, this.#snapshot);
    // If it was called back at once, it would not know yet what it waits for.
    queueMicrotask(() => this.#queue.run());
  }

  /** Removes a subscriber. When the last one leaves, loading is aborted. */
  leave(waiter: SnapshotWaiter): void {
    if (!this.#waiters.delete(waiter) || this.isAwaited || this.isLoaded) {
      return;
    }
    this.#controller.abort();
  }

  /**
   * Asks the application. It does not throw.
   *
   * @param onSettled Called with whether that has succeeded, before the subscribers are.
   */
  async run(
    load: (signal: AbortSignal) => SnapshotEvents,
    onSettled: (isLoaded: boolean) => void,
  ): Promise<void> {
    let snapshot: Snapshot;
    try {
      // In a later microtask: `load` may call the channel, which is still adding the client.
      await Promise.resolve();
      const events = await load(this.#controller.signal);
      snapshot = encodeSnapshot(events, this.#cursor);
    } catch (error) {
      onSettled(false);
      const waiters = [...this.#waiters];
      this.#waiters.clear();
      for (const waiter of waiters) waiter.handleError(error);
      return;
    }
    this.#snapshot = snapshot;
    onSettled(true);
    for (const waiter of this.#waiters) this.#answer(waiter, snapshot);
    this.#queue.run();
  }

  #answer(waiter: SnapshotWaiter, snapshot: Snapshot): void {
    this.#queue.add(() => {
      if (this.#waiters.delete(waiter)) waiter.handleSnapshot(snapshot);
    });
  }
}

/** The snapshots of a channel that are being loaded, or that further subscribers share. */
export class SnapshotLoads {
  readonly #feed: LogFeed;
  readonly #shared = new Map<string, SnapshotLoad>();
  readonly #timers = new Map<SnapshotLoad, ReturnType<typeof setTimeout>>();
  readonly #queue = new SlicedQueue<() => void>((goOn) => goOn());

  /** @param feed Gives the cursors. */
  constructor(feed: LogFeed) {
    this.#feed = feed;
  }

  /**
   * Has a subscriber wait for a snapshot, which is loaded unless there is one to share.
   * The feed has to have a cursor.
   *
   * @param context What an own load is told of the subscriber.
   */
  join(
    source: SnapshotSource,
    context: Omit<EventSnapshotContext, "signal">,
    waiter: SnapshotWaiter,
  ): SnapshotLoad {
    const { key } = source;
    const known = key === undefined ? undefined : this.#shared.get(key);
    const isShared = known !== undefined &&
      (known.isLoaded || known.isAwaited && isRecent(known));
    const load = isShared ? known : new SnapshotLoad(this.#feed, this.#queue);
    load.enter(waiter);
    if (isShared) return load;
    if (key === undefined) {
      load.run((signal) => source.load({ ...context, signal }), () => {});
    } else {
      this.#share(key, load, source);
    }
    return load;
  }

  /** Forgets a shared snapshot, since the log has left it behind. */
  drop(key: string, load: SnapshotLoad): void {
    if (this.#shared.get(key) === load) this.#shared.delete(key);
    clearTimeout(this.#timers.get(load));
    this.#timers.delete(load);
  }

  /** Forgets all snapshots. Called when the last subscriber has left. */
  clear(): void {
    this.#shared.clear();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#queue.clear();
  }

  #share(key: string, load: SnapshotLoad, source: SnapshotSource): void {
    this.#shared.set(key, load);
    // All clients with the key share the snapshot, so `load` gets nothing of the first one.
    load.run(
      (signal) => source.load({ signal } as EventSnapshotContext),
      (isLoaded) => {
        if (this.#shared.get(key) !== load) return;
        if (!isLoaded || source.maxAge === 0) this.drop(key, load);
        else if (source.maxAge <= MAX_DELAY) {
          const timer = setTimeout(() => this.drop(key, load), source.maxAge);
          this.#timers.set(load, timer);
        }
      },
    );
  }
}

function isRecent({ begun }: SnapshotLoad): boolean {
  return performance.now() - begun < MAX_LOADING;
}

/**
 * Encodes a snapshot. Its last block carries the cursor: a client that is cut off before
 * that has no ID of the snapshot, and gets a new one.
 *
 * @throws {TypeError} If the events are no list, or one has an ID; and what
 * `encodeEvents` throws.
 */
function encodeSnapshot(
  events: readonly ServerSentEventInit[],
  cursor: string,
): Snapshot {
  const verb = "send snapshot";
  if (!Array.isArray(events)) {
    throw new TypeError(
      describeMismatch(verb, "snapshot", "a list of events", events),
    );
  }
  const bytes = encodeEvents(events);
  const own = events.findIndex(({ id }) => id !== undefined);
  if (own !== -1) {
    const expected = "left out, since the last event gets the cursor";
    const name = `snapshot[${own}].id`;
    throw new TypeError(
      describeMismatch(verb, name, expected, events[own].id),
    );
  }
  // The ID takes the place of the empty line that ends the last event.
  const end = encodeEvent({ id: cursor });
  return {
    cursor,
    bytes: bytes.length === 0 ? end : joinChunks([bytes.subarray(0, -1), end]),
    events: events.length,
  };
}
