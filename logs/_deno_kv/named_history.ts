// Copyright 2026 the Tidings authors. MIT license.

/**
 * What Deno KV stores for a name: its state, which every commit checks and changes, and
 * the batches of its events. The batches of a log that was replaced or has expired are
 * under another epoch and are never read.
 *
 * @module
 */

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import { readEventLine } from "../_engine/event_line.ts";
import { retry } from "../_engine/retry.ts";
import type { WakeWatcher } from "../_engine/wake_watcher.ts";
import {
  hasTag,
  keyOf,
  type Line,
  makeBatchParts,
  readBatches,
} from "./batches.ts";
import { watchChanges } from "./change_watcher.ts";
import type { NamedState } from "./named_state.ts";
import type { RecentWrite } from "./recent_write.ts";
import { type CommitOutcome, retryConflicts } from "./conflicts.ts";
import { readEvents } from "./read_events.ts";
import { readState } from "./replies.ts";
import type { KvEntry, KvKeyPart, KvStore } from "./store.ts";

/** A state as it was read, maybe expired, and the version that a commit checks. */
interface StampedState {
  readonly state: NamedState | undefined;
  readonly versionstamp: string | null;
}

/** The first entry of a write, its version, and the tag of the write. */
interface Stamp {
  readonly tag: string;
  readonly key: readonly KvKeyPart[];
  readonly versionstamp: string | null;
}

interface Part {
  readonly key: readonly KvKeyPart[];
  readonly value: Uint8Array;
}

/** What a commit does; without a state, nothing. */
export interface Change<T> {
  state?: NamedState;
  /** Events to append. */
  lines?: readonly Line[];
  /** A write that must not be lost. */
  requires?: RecentWrite | undefined;
  result: T;
}

/** A write that a change requires is lost. */
export class MissingWriteError extends Error {}

/** Entries that one call reads, each of at most 64 KiB. */
const READ_ENTRIES = 32;
/** Entries and bytes that one commit rewrites. A commit of Deno KV takes 800 KiB. */
const REWRITE_ENTRIES = 100;
const REWRITE_SIZE = 524_288;

/** The events of a name, numbered from 1 in the order of the commits. */
export class KvNamedHistory {
  readonly #kv: KvStore;
  readonly #stateKey: readonly KvKeyPart[];
  readonly #batchesKey: readonly KvKeyPart[];
  /** The state as this process knows it; cleared by a commit that conflicts. */
  #known: StampedState | undefined;
  /** The latest write of this process; cleared by a commit that conflicts. */
  #latest: Stamp | undefined;

  constructor(kv: KvStore, prefix: readonly KvKeyPart[]) {
    this.#kv = kv;
    this.#stateKey = [...prefix, "head"];
    this.#batchesKey = [...prefix, "blocks"];
  }

  /** Reads the state, `undefined` if there is none or it has expired. */
  async readState(): Promise<NamedState | undefined> {
    return unexpired(await this.#readState());
  }

  /** Watches the state for changes. `pollInterval` is in milliseconds. */
  watch(pollInterval: number): WakeWatcher {
    return watchChanges(this.#kv.watch([this.#stateKey]), pollInterval);
  }

  /** Reads the events after a cursor, as `EventLog.read`. */
  async read(after: string, bounds: ReadBounds): Promise<EventLogBatch> {
    const state = await this.readState();
    // Nothing is read of a log that does not exist.
    const epoch = state?.epoch ?? "";
    return await readEvents(
      state,
      after,
      bounds,
      (sequence) => this.#batchesAfter(epoch, sequence),
    );
  }

  /** Finds the last event. */
  async findLast(state: NamedState): Promise<LoggedEvent | undefined> {
    const { epoch, last } = state;
    for await (const { lines } of this.#batchesAfter(epoch, last - 1)) {
      return readEventLine(lines.at(-1) ?? "", `${epoch}-${last}`);
    }
    return undefined;
  }

  /**
   * Prepares to change the state, and to write events, in one commit.
   *
   * @param tag Marks the batches of this change, and of no other.
   * @param makeChange Makes the change from the current state.
   * @returns A function that makes the change and gives its result. After a failure it
   * can be called again: it writes the events once, even if a failed call has written
   * them.
   */
  prepareChange<T>(
    tag: string,
    makeChange: (state: NamedState | undefined) => Change<T>,
  ): (signal: AbortSignal) => Promise<T> {
    const attempts: { key: readonly KvKeyPart[]; result: T }[] = [];
    const attempt = async (): Promise<CommitOutcome<T>> => {
      // An earlier attempt may have been done whose answer was lost.
      for (const { key, result } of attempts) {
        if (hasTag(await this.#kv.get(key), tag)) return { result };
      }
      const known = this.#known ??= await this.#readState();
      const change = makeChange(unexpired(known));
      const { state, lines = [], requires, result } = change;
      // The known state may be old: only the current one decides that nothing is to do.
      if (state === undefined) {
        return await this.#isUnchanged(known) ? { result } : "outdated";
      }
      const stamp = requires && await this.#stampOf(state.epoch, requires);
      const parts = this.#makeParts(state, tag, lines);
      if (parts[0] !== undefined) attempts.push({ key: parts[0].key, result });
      const isDone = await this.#commit(known, state, tag, parts, stamp);
      return isDone ? { result } : "conflict";
    };
    return (signal) => retryConflicts("change event log", attempt, signal);
  }

  /**
   * Writes lost writes again: those after the last one that is there. If others have
   * written under the same sequences, it skips one sequence, so that readers get a gap.
   *
   * @param writes Writes of one claim, the oldest first.
   * @param isHeld Whether there is no later claim. If there is, nothing is written.
   * @returns `false` if the last of them cannot be written.
   */
  async rewrite(
    writes: readonly RecentWrite[],
    isHeld: (state: NamedState) => boolean,
  ): Promise<boolean> {
    let { state } = await this.#readState();
    if (state === undefined) return true;
    let next = writes.length;
    for (; next > 0; next--) {
      // The index is at least 0.
      const write = writes[next - 1]!;
      if (hasTag(await this.#getFirst(state.epoch, write), write.tag)) break;
    }
    let isTaken = false;
    let isHole = false;
    for (const write of writes.slice(next)) {
      const stamped = await this.#readState();
      state = unexpired(stamped);
      if (state === undefined || !isHeld(state)) return true;
      const end = write.first + write.lines.length - 1;
      isTaken = await this.#hasBatchIn(state.epoch, write.first, end);
      isHole ||= isTaken;
      if (isTaken) continue;
      const parts = this.#makePartsFrom(state.epoch, write);
      const last = Math.max(state.last, end);
      const next = { ...state, last };
      // Another commit was first: the caller tries again.
      if (!await this.#commit(stamped, next, write.tag, parts)) return true;
    }
    const stamped = await this.#readState();
    state = unexpired(stamped);
    if (isHole && state !== undefined && isHeld(state)) {
      const next = { ...state, last: state.last + 1 };
      await this.#commit(stamped, next, "", []);
    }
    return !isTaken;
  }

  /**
   * Sets when the batches of an epoch expire. It follows a change that is done, which
   * no error can undo: so it tries again after all errors, and rejects only with a
   * `TimeoutError`.
   *
   * @param epoch The epoch.
   * @param delay Milliseconds from now on; 0 deletes the batches.
   * @param timeout Milliseconds without an answer after which it fails.
   */
  async keep(epoch: string, delay: number, timeout: number): Promise<void> {
    await retry((signal) => this.#keep(epoch, delay, signal), {
      timeout,
      verb: "keep event log",
      classifyError: () => "unknown",
    });
  }

  async #keep(
    epoch: string,
    delay: number,
    signal: AbortSignal,
  ): Promise<void> {
    const prefix = [...this.#batchesKey, epoch];
    const entries = this.#kv.list({ prefix }, { batchSize: READ_ENTRIES });
    let batch: KvEntry[] = [];
    let size = 0;
    for await (const entry of entries) {
      batch.push(entry);
      if (entry.value instanceof Uint8Array) size += entry.value.byteLength;
      if (batch.length < REWRITE_ENTRIES && size < REWRITE_SIZE) continue;
      await this.#rewrite(batch, delay);
      signal.throwIfAborted();
      batch = [];
      size = 0;
    }
    if (batch.length > 0) await this.#rewrite(batch, delay);
  }

  async #rewrite(entries: readonly KvEntry[], delay: number): Promise<void> {
    const commit = this.#kv.atomic();
    for (const entry of entries) {
      if (delay === 0) commit.delete(keyOf(entry));
      else commit.set(keyOf(entry), entry.value, expiryOf(delay));
    }
    await commit.commit();
  }

  async #readState(): Promise<StampedState> {
    const entry = await this.#kv.get(this.#stateKey);
    return { state: readState(entry), versionstamp: entry.versionstamp };
  }

  #batchesAfter(
    epoch: string,
    sequence: number,
  ): ReturnType<typeof readBatches> {
    const prefix = [...this.#batchesKey, epoch];
    const start = [...prefix, sequence + 1];
    const options = { batchSize: READ_ENTRIES };
    return readBatches(this.#kv.list({ prefix, start }, options));
  }

  async #isUnchanged(known: StampedState): Promise<boolean> {
    this.#known = undefined;
    return (await this.#readState()).versionstamp === known.versionstamp;
  }

  #makeParts(
    { epoch, last }: NamedState,
    tag: string,
    lines: readonly Line[],
  ): Part[] {
    const first = last - lines.length + 1;
    return this.#makePartsFrom(epoch, { tag, lines, first });
  }

  #makePartsFrom(epoch: string, { tag, lines, first }: RecentWrite): Part[] {
    return makeBatchParts(tag, lines, first).map((part) => ({
      key: [...this.#batchesKey, epoch, ...part.key],
      value: part.value,
    }));
  }

  /** Reads the first entry of a write. */
  async #getFirst(epoch: string, write: RecentWrite): Promise<KvEntry> {
    // A write has at least one event.
    return await this.#kv.get(this.#makePartsFrom(epoch, write)[0]!.key);
  }

  /** Gives what a commit checks so that it fails if a write is lost. */
  async #stampOf(epoch: string, write: RecentWrite): Promise<Stamp> {
    const { tag } = write;
    if (this.#latest?.tag === tag) return this.#latest;
    const entry = await this.#getFirst(epoch, write);
    if (!hasTag(entry, tag)) throw new MissingWriteError();
    return { tag, key: keyOf(entry), versionstamp: entry.versionstamp };
  }

  /** Whether there are events from one sequence to another. */
  async #hasBatchIn(
    epoch: string,
    first: number,
    last: number,
  ): Promise<boolean> {
    for await (const batch of this.#batchesAfter(epoch, first - 1)) {
      return batch.first <= last;
    }
    return false;
  }

  async #commit(
    { versionstamp }: StampedState,
    next: NamedState,
    tag: string,
    parts: readonly Part[],
    required?: Stamp,
  ): Promise<boolean> {
    const now = Date.now();
    const commit = this.#kv.atomic()
      .check({ key: this.#stateKey, versionstamp })
      .set(this.#stateKey, next, expiryOf(next.expiresAt - now));
    if (required !== undefined) {
      commit.check({ key: required.key, versionstamp: required.versionstamp });
    }
    for (const { key, value } of parts) {
      commit.set(key, value, expiryOf(next.keptUntil - now));
    }
    const result = await commit.commit();
    if (!result.ok) {
      this.#known = this.#latest = undefined;
      return false;
    }
    const { versionstamp: stamp } = result;
    this.#known = { state: next, versionstamp: stamp };
    const [first] = parts;
    if (first !== undefined) {
      this.#latest = { tag, key: first.key, versionstamp: stamp };
    }
    return true;
  }
}

/** The state, `undefined` if it has expired: Deno KV removes it some time later. */
function unexpired({ state }: StampedState): NamedState | undefined {
  return state !== undefined && state.expiresAt > Date.now()
    ? state
    : undefined;
}

function expiryOf(delay: number): { expireIn?: number } {
  return delay === Infinity ? {} : { expireIn: Math.max(Math.ceil(delay), 1) };
}
