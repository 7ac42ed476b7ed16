// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a log holds in Deno KV: its head, which every commit checks and changes, and
 * its blocks.
 *
 * @module
 */

import { wait } from "../_engine/engine_call.ts";
import {
  type Block,
  hasTag,
  keyOf,
  type Line,
  makeBlockParts,
  readBlocks,
  readKey,
} from "./blocks.ts";
import { KvChanges } from "./changes.ts";
import { readHead } from "./replies.ts";
import type { KvKeyPart, KvStore } from "./store.ts";

/** The state of a log. */
export interface Head {
  /** What the IDs of this log begin with. */
  readonly epoch: string;
  /** The sequence of the oldest event that may still be kept. */
  readonly first: number;
  /** The sequence of the latest event, 0 before there was one. */
  readonly last: number;
}

/** The bounds of a history. */
export interface KvHistoryBounds {
  maxEvents: number;
  /** Milliseconds. */
  maxAge: number;
}

/** Other processes were quicker too often. Nothing was written. */
export class ContentionError extends Error {}

interface StampedHead extends Head {
  readonly versionstamp: string;
}

/** How often a commit is tried while others are quicker. */
const MAX_CONFLICTS = 50;
/** The most milliseconds to wait before the next try. */
const MAX_CONFLICT_DELAY = 50;
/** So many events too many are dropped together, and at most so many entries. */
const TRIM_EVENTS = 32;
const TRIM_ENTRIES = 100;
/** Entries that a read asks for at once, each of 64 KiB at most. */
const READ_ENTRIES = 32;

/** A history of events in Deno KV, numbered from 1 in the order of the commits. */
export class KvHistory {
  readonly #kv: KvStore;
  readonly #headKey: readonly KvKeyPart[];
  readonly #blocksKey: readonly KvKeyPart[];
  readonly #bounds: KvHistoryBounds;
  /** The head as this process knows it, which a commit finds out to be old. */
  #head: StampedHead | undefined;
  readonly #writer = crypto.randomUUID();
  /** How many writes this process has begun. */
  #writes = 0;

  constructor(
    kv: KvStore,
    prefix: readonly KvKeyPart[],
    bounds: KvHistoryBounds,
  ) {
    this.#kv = kv;
    this.#headKey = [...prefix, "head"];
    this.#blocksKey = [...prefix, "blocks"];
    this.#bounds = bounds;
  }

  /** Gives the head as it is, and begins the log if there is none. */
  async readHead(): Promise<StampedHead> {
    for (;;) {
      const entry = await this.#kv.get(this.#headKey);
      const { versionstamp } = entry;
      const found = readHead<Head>(entry);
      if (found !== undefined && versionstamp !== null) {
        return { ...found, versionstamp };
      }
      // The last 12 digits are 48 random bits.
      const epoch = crypto.randomUUID().slice(-12);
      const head: Head = { epoch, first: 1, last: 0 };
      await this.#kv.atomic()
        .check({ key: this.#headKey, versionstamp: null })
        .set(this.#headKey, head)
        .commit();
    }
  }

  /** Wakes at every change of the head, and every so many milliseconds. */
  watch(pollInterval: number): KvChanges {
    return new KvChanges(this.#kv.watch([this.#headKey]), pollInterval);
  }

  /** Gives the blocks from the one on that has the event after a sequence. */
  blocksAfter(sequence: number): AsyncIterable<Block> {
    const entries = this.#kv.list({
      prefix: this.#blocksKey,
      start: [...this.#blocksKey, sequence + 1],
    }, { batchSize: READ_ENTRIES });
    return readBlocks(entries);
  }

  /** The sequence of the oldest event that is kept, `undefined` if none is. */
  async findOldest(): Promise<number | undefined> {
    const entries = this.#kv.list({ prefix: this.#blocksKey }, { limit: 1 });
    for await (const entry of entries) return readKey(entry).first;
    return undefined;
  }

  /**
   * Prepares to write events at the end.
   *
   * @returns What writes them and gives their IDs. If it fails, it may be called
   * again: whatever became of it, it writes them once.
   */
  prepareWrite(
    lines: readonly Line[],
  ): (signal: AbortSignal) => Promise<readonly string[]> {
    const tag = `${this.#writer}-${++this.#writes}`;
    return async (signal) => {
      for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
        signal.throwIfAborted();
        const head = this.#head ??= await this.readHead();
        const isWritten = await this.#commit(head, tag, lines);
        if (isWritten) {
          return lines.map((_, index) =>
            `${head.epoch}-${head.last + 1 + index}`
          );
        }
        const delay = Math.min(2 ** conflicts, MAX_CONFLICT_DELAY);
        await wait(Math.random() * delay, signal);
      }
      throw new ContentionError(
        `Cannot append event: ${MAX_CONFLICTS} times another writer was quicker, fewer writers are wanted`,
      );
    };
  }

  /** Writes events after a head, unless it is not the head any more. */
  async #commit(
    head: StampedHead,
    tag: string,
    lines: readonly Line[],
  ): Promise<boolean> {
    const last = head.last + lines.length;
    const { first, keys } = await this.#findTooMany(head, last);
    const next: Head = { epoch: head.epoch, first, last };
    const { maxAge } = this.#bounds;
    const options = maxAge === Infinity ? {} : { expireIn: maxAge };
    const parts = makeBlockParts(tag, lines, head.last + 1)
      .map(({ key, value }) => ({ key: [...this.#blocksKey, ...key], value }));
    const commit = this.#kv.atomic()
      .check({ key: this.#headKey, versionstamp: head.versionstamp })
      .set(this.#headKey, next);
    for (const { key, value } of parts) commit.set(key, value, options);
    for (const key of keys) commit.delete(key);
    const result = await commit.commit();
    if (result.ok) {
      this.#head = { ...next, versionstamp: result.versionstamp };
      return true;
    }
    // Here, or below the store where it tries again by itself, an earlier attempt
    // may have been done whose answer was lost. There is a part for each event.
    const isOurs = hasTag(await this.#kv.get(parts[0]!.key), tag);
    this.#head = undefined;
    return isOurs;
  }

  /** The entries that hold only events that are too many once there is a new last one. */
  async #findTooMany(
    head: Head,
    last: number,
  ): Promise<{ first: number; keys: (readonly KvKeyPart[])[] }> {
    let { first } = head;
    const keys: (readonly KvKeyPart[])[] = [];
    const wanted = last - this.#bounds.maxEvents + 1;
    if (first + TRIM_EVENTS > wanted) return { first, keys };
    const entries = this.#kv.list(
      {
        prefix: this.#blocksKey,
        end: [...this.#blocksKey, wanted],
      },
      { limit: TRIM_ENTRIES, batchSize: READ_ENTRIES },
    );
    let block: (readonly KvKeyPart[])[] = [];
    for await (const entry of entries) {
      block.push(keyOf(entry));
      const { last, part, parts } = readKey(entry);
      if (part < parts - 1) continue;
      // Blocks go as a whole.
      keys.push(...block);
      block = [];
      first = last + 1;
    }
    return { first, keys };
  }
}
