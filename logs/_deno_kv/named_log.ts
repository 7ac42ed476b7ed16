// Copyright 2026 the Tidings authors. MIT license.

import type {
  EventLog,
  EventLogAppendOptions,
  EventLogBatch,
  EventLogFollowOptions,
  EventLogOptions,
  EventLogReadOptions,
} from "../../_log/event_log.ts";
import { checkRead, checkRewind } from "../../_log/read_bounds.ts";
import type { TextEventInit } from "../../event.ts";
import { persist } from "../_engine/engine_call.ts";
import { KvAppends } from "./appends.ts";
import type { Line } from "./blocks.ts";
import { followChanges, type KvChanges } from "./changes.ts";
import {
  BEGINNING,
  compareCursors,
  makeEpoch,
  type NamedHead,
} from "./named_head.ts";
import type { KvNamedHistory } from "./named_history.ts";
import { judge } from "./refusal.ts";

/** What the log of a name is told. */
export interface KvNamedLogOptions {
  /** Milliseconds after an append by which all is gone. */
  expireIn: number;
  /** Milliseconds after which one who follows looks without having been woken. */
  pollInterval: number;
  /** Milliseconds without an answer after which an append is given up. */
  timeout: number;
}

/** The log of a name in Deno KV, to which anybody may append. */
export class KvNamedLog implements EventLog {
  readonly #history: KvNamedHistory;
  readonly #options: KvNamedLogOptions;
  readonly #appends: KvAppends;
  readonly #writer = crypto.randomUUID();
  /** How many writes were begun. */
  #writes = 0;

  constructor(history: KvNamedHistory, options: KvNamedLogOptions) {
    this.#history = history;
    this.#options = options;
    this.#appends = new KvAppends((lines) => this.#append(lines));
  }

  async append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return await this.#appends.append(event, options);
  }

  async read(
    after: string,
    options: EventLogReadOptions = {},
  ): Promise<EventLogBatch> {
    const { signal } = options;
    const { limit, maxBytes } = checkRead(options);
    return await this.#persist(
      () => this.#history.read(after, limit, maxBytes),
      "read event log",
      signal,
    );
  }

  async rewind(count: number, options: EventLogOptions = {}): Promise<string> {
    const { signal } = options;
    checkRewind(count, signal);
    const verb = "rewind event log";
    return await this.#persist(() => this.#rewind(count), verb, signal);
  }

  async follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions = {},
  ): Promise<never> {
    const watch = (): KvChanges =>
      this.#history.watch(this.#options.pollInterval);
    const reader = {
      read: (after: string) => {
        const { limit, maxBytes } = checkRead({});
        return this.#history.read(after, limit, maxBytes);
      },
      findEnd: () => this.#rewind(0),
    };
    return await followChanges(reader, watch, onBatch, options);
  }

  compare(a: string, b: string): number | undefined {
    return compareCursors(a, b);
  }

  async #rewind(count: number): Promise<string> {
    const head = await this.#history.readHead();
    if (head === undefined) return BEGINNING;
    return `${head.epoch}-${Math.max(head.last - count, 0)}`;
  }

  #persist<T>(
    attempt: (signal: AbortSignal) => Promise<T>,
    verb: string,
    signal?: AbortSignal,
  ): Promise<T> {
    const { timeout } = this.#options;
    return persist(attempt, { timeout, verb, judge, signal });
  }

  async #append(lines: readonly Line[]): Promise<readonly string[]> {
    const { expireIn } = this.#options;
    const tag = `${this.#writer}-${++this.#writes}`;
    let outdated: string | undefined;
    const attempt = this.#history.prepareChange(tag, (head) => {
      outdated = isOutdated(head, expireIn) ? head?.epoch : undefined;
      const next = makeNext(head, lines.length, expireIn);
      const result = lines.map((_, index) =>
        `${next.epoch}-${next.last - lines.length + 1 + index}`
      );
      return { head: next, lines, result };
    });
    const ids = await this.#persist(attempt, "append event");
    if (outdated !== undefined) {
      await this.#history.keep(outdated, 2 * expireIn, this.#options.timeout);
    }
    return ids;
  }
}

/** Whether the blocks are gone before what is appended now is to be. */
function isOutdated(head: NamedHead | undefined, expireIn: number): boolean {
  return head !== undefined && head.last > 0 &&
    head.keptUntil < Date.now() + expireIn;
}

function makeNext(
  head: NamedHead | undefined,
  count: number,
  expireIn: number,
): NamedHead {
  const now = Date.now();
  const expiresAt = now + expireIn;
  // Twice as long, lest all blocks are written anew with each event.
  const keptUntil = head === undefined || head.keptUntil < expiresAt
    ? now + 2 * expireIn
    : head.keptUntil;
  return {
    epoch: head?.epoch ?? makeEpoch(),
    last: (head?.last ?? 0) + count,
    holder: head?.holder,
    leaseEnd: head?.leaseEnd ?? 0,
    expiresAt,
    keptUntil,
  };
}
