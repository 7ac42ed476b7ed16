// Copyright 2026 the Tidings authors. MIT license.

/**
 * What Deno KV holds for a name: its state, which every commit checks and changes, and
 * the batches of its events. The batches of a log that was replaced or has expired are
 * under another epoch, and nobody sees them.
 *
 * @module
 */

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";
import { makeEventLogBatch } from "../_engine/event_log_batch.ts";
import { retry, wait } from "../_engine/retry.ts";
import {
  hasTag,
  keyOf,
  type Line,
  makeBatchParts,
  readBatches,
  readLine,
} from "./batches.ts";
import { KvChangeWatcher } from "./change_watcher.ts";
import { BEGINNING, findSequence, type NamedState } from "./named_state.ts";
import type { RecentWrite } from "./recent_writes.ts";
import { ContentionError } from "./history.ts";
import { readState } from "./replies.ts";
import type { KvEntry, KvKeyPart, KvStore } from "./store.ts";

/** A state as it was read, which may have expired, and what a commit checks. */
interface StampedState {
  readonly state: NamedState | undefined;
  readonly versionstamp: string | null;
}

/** A version of the first entry of a write, and the tag of the write. */
interface Stamp {
  readonly tag: string;
  readonly key: readonly KvKeyPart[];
  readonly versionstamp: string | null;
}

interface Part {
  readonly key: readonly KvKeyPart[];
  readonly value: Uint8Array;
}

/** What a commit is to do; nothing if there is no state in it. */
export interface Change<T> {
  state?: NamedState;
  /** Events to write after those that are there. */
  lines?: readonly Line[];
  /** A write that must still be there. */
  requires?: RecentWrite | undefined;
  result: T;
}

/** Says that a write is not there any more that a change requires. */
export class MissingWriteError extends Error {}

/** How often a commit is tried while others are quicker. */
const MAX_CONFLICTS = 50;
/** The most milliseconds to wait before the next try. */
const MAX_CONFLICT_DELAY = 50;
/** Entries that a read asks for at once, each of 64 KiB at most. */
const READ_ENTRIES = 32;
/** Entries and bytes that are written anew at once. A commit of Deno KV takes 800 KiB. */
const REWRITE_ENTRIES = 100;
const REWRITE_SIZE = 524_288;

/** The events of a name, numbered from 1 in the order of the commits. */
export class KvNamedHistory {
  readonly #kv: KvStore;
  readonly #stateKey: readonly KvKeyPart[];
  readonly #batchesKey: readonly KvKeyPart[];
  /** The state as this process knows it, which a commit finds out to be old. */
  #known: StampedState | undefined;
  /** The latest write of this process, which a commit finds out to be old. */
  #latest: Stamp | undefined;

  constructor(kv: KvStore, prefix: readonly KvKeyPart[]) {
    this.#kv = kv;
    this.#stateKey = [...prefix, "head"];
    this.#batchesKey = [...prefix, "blocks"];
  }

  /** Gives the state as it is, `undefined` if there is none. */
  async readState(): Promise<NamedState | undefined> {
    return unexpired(await this.#readState());
  }

  /** Wakes at every change of the state, and every so many milliseconds. */
  watch(pollInterval: number): KvChangeWatcher {
    return new KvChangeWatcher(this.#kv.watch([this.#stateKey]), pollInterval);
  }

  /** Reads what comes after a cursor. */
  async read(
    after: string,
    limit: number,
    maxBytes: number,
  ): Promise<EventLogBatch> {
    const state = await this.readState();
    if (state === undefined) {
      return { events: [], cursor: BEGINNING, gap: after !== BEGINNING };
    }
    const known = findSequence(state, after);
    if (known !== undefined && known >= state.last) {
      // It lies after the end if the store was restored, or answers from a replica.
      const isAtEnd = known === state.last;
      const cursor = isAtEnd ? after : `${state.epoch}-${state.last}`;
      return { events: [], cursor, gap: !isAtEnd };
    }
    const events: LoggedEvent[] = [];
    let gap = known === undefined;
    let gapCursor: string | undefined;
    let sequence = known ?? 0;
    let size = 0;
    const skipTo = (next: number): void => {
      sequence = next;
      gap = true;
      if (known !== undefined) gapCursor = `${state.epoch}-${sequence}`;
    };
    for await (const batch of this.#batchesAfter(state.epoch, sequence)) {
      if (batch.first > sequence + 1) {
        // What is missing here is told of by the next read.
        if (events.length > 0) break;
        skipTo(batch.first - 1);
      }
      for (const line of batch.lines.slice(sequence + 1 - batch.first)) {
        const isFull = events.length >= limit || size >= maxBytes;
        if (isFull && events.length > 0) break;
        sequence++;
        events.push(readLine(line, `${state.epoch}-${sequence}`));
        size += 2 * line.length;
      }
      if (events.length >= limit || size >= maxBytes) break;
    }
    // All that was after the cursor has been deleted, or has expired just now.
    if (events.length === 0 && sequence < state.last) skipTo(state.last);
    return makeEventLogBatch(
      events,
      `${state.epoch}-${sequence}`,
      gap,
      gapCursor,
    );
  }

  /** Finds the last event. */
  async findLast(state: NamedState): Promise<LoggedEvent | undefined> {
    const { epoch, last } = state;
    for await (const { lines } of this.#batchesAfter(epoch, last - 1)) {
      return readLine(lines.at(-1)!, `${epoch}-${last}`);
    }
    return undefined;
  }

  /**
   * Prepares to change the state, and to write events, in one commit.
   *
   * @param tag What the batches are marked with, of this change alone.
   * @param makeChange Makes the change from the state as it is.
   * @returns What makes the change and gives its result. If it fails, it may be called
   * again: whatever became of it, it writes the events once.
   */
  prepareChange<T>(
    tag: string,
    makeChange: (state: NamedState | undefined) => Change<T>,
  ): (signal: AbortSignal) => Promise<T> {
    const attempts: { key: readonly KvKeyPart[]; result: T }[] = [];
    return async (signal) => {
      for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
        signal.throwIfAborted();
        // One may have been done whose answer was lost.
        for (const { key, result } of attempts) {
          if (hasTag(await this.#kv.get(key), tag)) return result;
        }
        const known = this.#known ??= await this.#readState();
        const { state, lines = [], requires, result } = makeChange(
          unexpired(known),
        );
        // What is not to be done is decided by the state as it is now.
        if (state === undefined) {
          if (await this.#isUnchanged(known)) return result;
          continue;
        }
        const stamp = requires && await this.#stampOf(state.epoch, requires);
        const parts = this.#makeParts(state, tag, lines);
        if (parts[0] !== undefined) {
          attempts.push({ key: parts[0].key, result });
        }
        if (await this.#commit(known, state, tag, parts, stamp)) return result;
        const delay = Math.min(2 ** conflicts, MAX_CONFLICT_DELAY);
        await wait(Math.random() * delay, signal);
      }
      throw new ContentionError(
        `Cannot change event log: ${MAX_CONFLICTS} times another writer was quicker, fewer writers are wanted`,
      );
    };
  }

  /**
   * Writes again those of some writes that come after the last that is there, unless
   * others have written in their place: then a sequence is left out, which tells readers
   * that something is missing.
   *
   * @param writes Writes of one token, the oldest first.
   * @param isHeld Whether it is still that token's to write. If not, nothing is done.
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
      // It is at least 0.
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
      // Somebody was quicker: the caller tries again.
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
   * Keeps the batches of an epoch for so many milliseconds from now on, or not at all. It
   * comes after a change that was made, so no error refuses that any more: it rejects
   * with a `TimeoutError` alone.
   *
   * @param timeout Milliseconds without an answer after which it is given up.
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
      // The store is checked.
      size += (entry.value as Uint8Array).byteLength;
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

  /** Gives the first entry of a write. */
  async #getFirst(epoch: string, write: RecentWrite): Promise<KvEntry> {
    // There is an event in it.
    return await this.#kv.get(this.#makePartsFrom(epoch, write)[0]!.key);
  }

  /** What a commit checks, so that a write is there when it is done. */
  async #stampOf(epoch: string, write: RecentWrite): Promise<Stamp> {
    const { tag } = write;
    if (this.#latest?.tag === tag) return this.#latest;
    const entry = await this.#getFirst(epoch, write);
    if (!hasTag(entry, tag)) throw new MissingWriteError();
    return { tag, key: keyOf(entry), versionstamp: entry.versionstamp };
  }

  /** Whether somebody has written between two sequences. */
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

/** The state, `undefined` if it has expired: Deno KV removes it when it comes to it. */
function unexpired({ state }: StampedState): NamedState | undefined {
  return state !== undefined && state.expiresAt > Date.now()
    ? state
    : undefined;
}

function expiryOf(delay: number): { expireIn?: number } {
  return delay === Infinity ? {} : { expireIn: Math.max(Math.ceil(delay), 1) };
}
