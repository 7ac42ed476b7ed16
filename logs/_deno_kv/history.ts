// Copyright 2026 the Tidings authors. MIT license.

/**
 * What `DenoKvEventLog` stores: the state of the log, which every commit checks and
 * changes, and the batches of its events.
 *
 * @module
 */

import { makeEpoch } from "../../_log/epoch_cursor.ts";
import type { KeptEvents } from "../_engine/kept_events.ts";
import type { WakeWatcher } from "../_engine/wake_watcher.ts";
import {
  hasTag,
  keyOf,
  type KvBatch,
  type Line,
  makeBatchParts,
  readBatches,
  readKey,
} from "./batches.ts";
import { watchChanges } from "./change_watcher.ts";
import { type CommitOutcome, retryConflicts } from "./conflicts.ts";
import { readState } from "./replies.ts";
import type { KvKeyPart, KvStore } from "./store.ts";

/** The state of a log. */
export interface LogState {
  /** The first part of the log's IDs. */
  readonly epoch: string;
  /** The sequence of the oldest event that may be there. */
  readonly first: number;
  /** The sequence of the latest event, 0 before there was one. */
  readonly last: number;
}

interface StampedState extends LogState {
  readonly versionstamp: string;
}

/** The surplus of events from which on they are dropped, and the most entries of one drop. */
const TRIM_EVENTS = 32;
const TRIM_ENTRIES = 100;
/** Entries that one call reads, each of at most 64 KiB. */
const READ_ENTRIES = 32;

/** A history of events in Deno KV, numbered from 1 in the order of the commits. */
export class KvHistory {
  readonly #kv: KvStore;
  readonly #stateKey: readonly KvKeyPart[];
  readonly #batchesKey: readonly KvKeyPart[];
  /**
   * Where the batches begin: a number comes after all text. Without it, the keys of a log
   * by name with the same prefix, whose name is that of a part of our keys, would count.
   */
  readonly #beginKey: readonly KvKeyPart[];
  readonly #bounds: KeptEvents;
  /** The state as this process knows it; cleared by a commit that conflicts. */
  #state: StampedState | undefined;
  readonly #writer = crypto.randomUUID();
  /** How many writes have started. */
  #writes = 0;

  constructor(
    kv: KvStore,
    prefix: readonly KvKeyPart[],
    bounds: KeptEvents,
  ) {
    this.#kv = kv;
    this.#stateKey = [...prefix, "head"];
    this.#batchesKey = [...prefix, "blocks"];
    this.#beginKey = [...this.#batchesKey, 0];
    this.#bounds = bounds;
  }

  /** Reads the state. If there is none, it creates the log. */
  async readState(): Promise<StampedState> {
    for (;;) {
      const entry = await this.#kv.get(this.#stateKey);
      const { versionstamp } = entry;
      const found = readState<LogState>(entry);
      if (found !== undefined && versionstamp !== null) {
        return { ...found, versionstamp };
      }
      const state: LogState = { epoch: makeEpoch(), first: 1, last: 0 };
      const result = await this.#kv.atomic()
        .check({ key: this.#stateKey, versionstamp: null })
        .set(this.#stateKey, state)
        .commit();
      // Not read again: a follower that begins on an empty store would find its end after
      // an event that was published since.
      if (result.ok) return { ...state, versionstamp: result.versionstamp };
    }
  }

  /** Watches the state for changes. `pollInterval` is in milliseconds. */
  watch(pollInterval: number): WakeWatcher {
    return watchChanges(this.#kv.watch([this.#stateKey]), pollInterval);
  }

  /** Reads the batches from the one with the event after a sequence on. */
  batchesAfter(sequence: number): AsyncIterable<KvBatch> {
    const entries = this.#kv.list({
      prefix: this.#batchesKey,
      start: [...this.#batchesKey, sequence + 1],
    }, { batchSize: READ_ENTRIES });
    return readBatches(entries);
  }

  /** Finds the sequence of the oldest event, `undefined` if there is none. */
  async findOldest(): Promise<number | undefined> {
    const entries = this.#kv.list(
      { prefix: this.#batchesKey, start: this.#beginKey },
      { limit: 1 },
    );
    for await (const entry of entries) return readKey(entry).first;
    return undefined;
  }

  /**
   * Prepares to write events at the end.
   *
   * @returns A function that writes them and gives their IDs. After a failure it can be
   * called again: it writes them once, even if a failed call has written them.
   */
  prepareWrite(
    lines: readonly Line[],
  ): (signal: AbortSignal) => Promise<readonly string[]> {
    const tag = `${this.#writer}-${++this.#writes}`;
    const attempt = async (): Promise<CommitOutcome<readonly string[]>> => {
      const state = this.#state ??= await this.readState();
      if (!await this.#commit(state, tag, lines)) return "conflict";
      const { epoch, last } = state;
      return {
        result: lines.map((_, index) => `${epoch}-${last + 1 + index}`),
      };
    };
    return (signal) => retryConflicts("append event", attempt, signal);
  }

  /** Writes events, if a state is still the current one. */
  async #commit(
    state: StampedState,
    tag: string,
    lines: readonly Line[],
  ): Promise<boolean> {
    const last = state.last + lines.length;
    const { first, keys } = await this.#findExcess(state, last);
    const next: LogState = { epoch: state.epoch, first, last };
    const { maxAge } = this.#bounds;
    const options = maxAge === Infinity ? {} : { expireIn: maxAge };
    const parts = makeBatchParts(tag, lines, state.last + 1)
      .map(({ key, value }) => ({ key: [...this.#batchesKey, ...key], value }));
    const commit = this.#kv.atomic()
      .check({ key: this.#stateKey, versionstamp: state.versionstamp })
      .set(this.#stateKey, next);
    for (const { key, value } of parts) commit.set(key, value, options);
    for (const key of keys) commit.delete(key);
    const result = await commit.commit();
    if (result.ok) {
      this.#state = { ...next, versionstamp: result.versionstamp };
      return true;
    }
    // An earlier attempt may have been done whose answer was lost, here or inside a store
    // that retries by itself. There is at least one part.
    const isOurs = hasTag(await this.#kv.get(parts[0]!.key), tag);
    this.#state = undefined;
    return isOurs;
  }

  /** Finds the entries with only events that are too many once there is a new last one. */
  async #findExcess(
    state: LogState,
    last: number,
  ): Promise<{ first: number; keys: (readonly KvKeyPart[])[] }> {
    let { first } = state;
    const keys: (readonly KvKeyPart[])[] = [];
    const oldest = last - this.#bounds.maxEvents + 1;
    if (first + TRIM_EVENTS > oldest) return { first, keys };
    const entries = this.#kv.list(
      { prefix: this.#batchesKey, start: this.#beginKey },
      { limit: TRIM_ENTRIES, batchSize: READ_ENTRIES },
    );
    let batch: (readonly KvKeyPart[])[] = [];
    for await (const entry of entries) {
      const { last, part, parts } = readKey(entry);
      if (last >= oldest) break;
      batch.push(keyOf(entry));
      if (part < parts - 1) continue;
      // A batch is dropped as a whole.
      keys.push(...batch);
      batch = [];
      first = last + 1;
    }
    return { first, keys };
  }
}
