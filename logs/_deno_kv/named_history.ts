// Copyright 2026 the Tidings authors. MIT license.

/**
 * What Deno KV holds for a name: its head, which every commit checks and changes, and
 * the blocks of its events. The blocks of a log that was replaced or has expired are
 * under another epoch, and nobody sees them. *
 * @module
 */

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";
import { wait } from "../_engine/engine_call.ts";
import {
  hasTag,
  keyOf,
  type Line,
  makeBlockParts,
  readBlocks,
  readLine,
} from "./blocks.ts";
import { KvChanges } from "./changes.ts";
import { ContentionError } from "./history.ts";
import type { KvEntry, KvKeyPart, KvStore } from "./store.ts";

/** The state of a name. Times are those of the wall clock, in milliseconds. */
export interface NamedHead {
  /** What the IDs of the log begin with. */
  readonly epoch: string;
  /** The sequence of the latest event, 0 before there was one. */
  readonly last: number;
  /** Who has claimed the name last, `undefined` if it was released. */
  readonly holder: string | undefined;
  /** When the claim has run out. */
  readonly leaseEnd: number;
  /** When all is gone, or `Infinity`. */
  readonly expiresAt: number;
  /** Until when the blocks are kept, however often the name is used meanwhile. */
  readonly keptUntil: number;
}

/** A head as it was read, which may have expired, and what a commit checks. */
interface StampedHead {
  readonly head: NamedHead | undefined;
  readonly versionstamp: string | null;
}

interface Part {
  readonly key: readonly KvKeyPart[];
  readonly value: Uint8Array;
}

/** What a commit is to do; nothing if there is no head in it. */
export interface Change<T> {
  head?: NamedHead;
  /** Events to write after those that are there. */
  lines?: readonly Line[];
  result: T;
}

/** The cursor of the beginning, whatever the epoch is. */
export const BEGINNING = "0-0";

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
  readonly #headKey: readonly KvKeyPart[];
  readonly #blocksKey: readonly KvKeyPart[];
  /** The head as this process knows it, which a commit finds out to be old. */
  #known: StampedHead | undefined;

  constructor(kv: KvStore, prefix: readonly KvKeyPart[]) {
    this.#kv = kv;
    this.#headKey = [...prefix, "head"];
    this.#blocksKey = [...prefix, "blocks"];
  }

  /** Gives the head as it is, `undefined` if there is none. */
  async readHead(): Promise<NamedHead | undefined> {
    return unexpired(await this.#readHead());
  }

  /** Wakes at every change of the head, and every so many milliseconds. */
  watch(pollInterval: number): KvChanges {
    return new KvChanges(this.#kv.watch([this.#headKey]), pollInterval);
  }

  /** Reads what comes after a cursor. */
  async read(
    after: string,
    limit: number,
    maxBytes: number,
  ): Promise<EventLogBatch> {
    const head = await this.readHead();
    if (head === undefined) {
      return { events: [], cursor: BEGINNING, gap: after !== BEGINNING };
    }
    const known = findSequence(head, after);
    if (known === head.last) return { events: [], cursor: after, gap: false };
    const events: LoggedEvent[] = [];
    let sequence = known ?? 0;
    let size = 0;
    for await (const block of this.#blocksAfter(head.epoch, sequence)) {
      // What is missing, since it has expired just now, is told of by the next read.
      if (block.first > sequence + 1) break;
      for (const line of block.lines.slice(sequence + 1 - block.first)) {
        const isFull = events.length >= limit || size >= maxBytes;
        if (isFull && events.length > 0) break;
        sequence++;
        events.push(readLine(line, `${head.epoch}-${sequence}`));
        size += 2 * line.length;
      }
      if (events.length >= limit || size >= maxBytes) break;
    }
    const cursor = `${head.epoch}-${sequence}`;
    return { events, cursor, gap: known === undefined };
  }

  /** Finds the last event. */
  async findLast(head: NamedHead): Promise<LoggedEvent | undefined> {
    const { epoch, last } = head;
    for await (const { lines } of this.#blocksAfter(epoch, last - 1)) {
      return readLine(lines.at(-1)!, `${epoch}-${last}`);
    }
    return undefined;
  }

  /**
   * Prepares to change the head, and to write events, in one commit.
   *
   * @param tag What the blocks are marked with, of this change alone.
   * @param makeChange Makes the change from the head as it is.
   * @returns What makes the change and gives its result. If it fails, it may be called
   * again: whatever became of it, it writes the events once.
   */
  prepareChange<T>(
    tag: string,
    makeChange: (head: NamedHead | undefined) => Change<T>,
  ): (signal: AbortSignal) => Promise<T> {
    const attempts: { key: readonly KvKeyPart[]; result: T }[] = [];
    return async (signal) => {
      for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
        signal.throwIfAborted();
        // One may have been done whose answer was lost.
        for (const { key, result } of attempts) {
          if (hasTag(await this.#kv.get(key), tag)) return result;
        }
        const known = this.#known ??= await this.#readHead();
        const { head, lines = [], result } = makeChange(unexpired(known));
        // What is not to be done is decided by the head as it is now.
        if (head === undefined) {
          if (await this.#isUnchanged(known)) return result;
          continue;
        }
        const parts = this.#makeParts(head, tag, lines);
        if (parts[0] !== undefined) {
          attempts.push({ key: parts[0].key, result });
        }
        if (await this.#commit(known, head, parts)) return result;
        const delay = Math.min(2 ** conflicts, MAX_CONFLICT_DELAY);
        await wait(Math.random() * delay, signal);
      }
      throw new ContentionError(
        `Cannot change event log: ${MAX_CONFLICTS} times another writer was quicker, fewer writers are wanted`,
      );
    };
  }

  /** Keeps the blocks of an epoch for so many milliseconds from now on, or not at all. */
  async keep(epoch: string, delay: number): Promise<void> {
    const prefix = [...this.#blocksKey, epoch];
    const entries = this.#kv.list({ prefix }, { batchSize: READ_ENTRIES });
    let batch: KvEntry[] = [];
    let size = 0;
    for await (const entry of entries) {
      batch.push(entry);
      // Only this class writes here.
      size += (entry.value as Uint8Array).byteLength;
      if (batch.length < REWRITE_ENTRIES && size < REWRITE_SIZE) continue;
      await this.#rewrite(batch, delay);
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

  async #readHead(): Promise<StampedHead> {
    const { value, versionstamp } = await this.#kv.get(this.#headKey);
    // Only this class writes here.
    return {
      head: (value ?? undefined) as NamedHead | undefined,
      versionstamp,
    };
  }

  #blocksAfter(
    epoch: string,
    sequence: number,
  ): ReturnType<typeof readBlocks> {
    const prefix = [...this.#blocksKey, epoch];
    const start = [...prefix, sequence + 1];
    const options = { batchSize: READ_ENTRIES };
    return readBlocks(this.#kv.list({ prefix, start }, options));
  }

  async #isUnchanged(known: StampedHead): Promise<boolean> {
    this.#known = undefined;
    return (await this.#readHead()).versionstamp === known.versionstamp;
  }

  #makeParts(
    { epoch, last }: NamedHead,
    tag: string,
    lines: readonly Line[],
  ): Part[] {
    return makeBlockParts(tag, lines, last - lines.length + 1).map((part) => ({
      key: [...this.#blocksKey, epoch, ...part.key],
      value: part.value,
    }));
  }

  async #commit(
    { versionstamp }: StampedHead,
    next: NamedHead,
    parts: readonly Part[],
  ): Promise<boolean> {
    const now = Date.now();
    const commit = this.#kv.atomic()
      .check({ key: this.#headKey, versionstamp })
      .set(this.#headKey, next, expiryOf(next.expiresAt - now));
    for (const { key, value } of parts) {
      commit.set(key, value, expiryOf(next.keptUntil - now));
    }
    const result = await commit.commit();
    this.#known = result.ok
      ? { head: next, versionstamp: result.versionstamp }
      : undefined;
    return result.ok;
  }
}

/** The head, `undefined` if it has expired: Deno KV removes it when it comes to it. */
function unexpired({ head }: StampedHead): NamedHead | undefined {
  return head !== undefined && head.expiresAt > Date.now() ? head : undefined;
}

/** The sequence of the event after which a cursor stands, `undefined` if it is unknown. */
export function findSequence(
  head: NamedHead,
  cursor: string,
): number | undefined {
  if (cursor === BEGINNING) return 0;
  const prefix = `${head.epoch}-`;
  if (!cursor.startsWith(prefix)) return undefined;
  const sequence = Number(cursor.slice(prefix.length));
  const isOurs = sequence >= 0 && sequence <= head.last &&
    cursor === prefix + sequence;
  return isOurs ? sequence : undefined;
}

/** 48 random bits. */
export function makeEpoch(): string {
  return crypto.randomUUID().slice(-12);
}

function expiryOf(delay: number): { expireIn?: number } {
  return delay === Infinity ? {} : { expireIn: Math.max(Math.ceil(delay), 1) };
}
