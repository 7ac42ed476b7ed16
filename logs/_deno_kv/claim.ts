// Copyright 2026 the Tidings authors. MIT license.

import type { EventLogAppendOptions } from "../../_log/event_log.ts";
import {
  type EventLogClaim,
  EventLogClaimError,
} from "../../_log/event_logs.ts";
import type { TextEventInit } from "../../event.ts";
import { persist } from "../_engine/engine_call.ts";
import { KvAppends } from "./appends.ts";
import type { Line } from "./blocks.ts";
import type { Change, KvNamedHistory, NamedHead } from "./named_history.ts";
import { isRefusal } from "./refusal.ts";

/** What a claim is made of. */
export interface KvClaimOptions {
  name: string;
  /** The end of the log when it was claimed. */
  cursor: string;
  /** What the head has as the holder. */
  holder: string;
  /** Milliseconds. */
  leaseTime: number;
  /** Milliseconds without an answer after which a change is given up. */
  timeout: number;
}

/** The claim of a name in Deno KV. */
export class KvClaim implements EventLogClaim {
  readonly cursor: string;
  readonly #history: KvNamedHistory;
  readonly #options: KvClaimOptions;
  readonly #appends: KvAppends;
  /** How many writes were begun. */
  #writes = 0;

  constructor(history: KvNamedHistory, options: KvClaimOptions) {
    this.cursor = options.cursor;
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

  async renew(): Promise<boolean> {
    const { leaseTime } = this.#options;
    return await this.#change("renew claim", (head) => ({
      head: { ...head, leaseEnd: Date.now() + leaseTime },
      result: true,
    })) ?? false;
  }

  async release(): Promise<void> {
    await this.#change("release claim", (head) => ({
      head: { ...head, holder: undefined },
      result: true,
    }));
  }

  async #append(lines: readonly Line[]): Promise<readonly string[]> {
    const { holder, name } = this.#options;
    const tag = `${holder}-${++this.#writes}`;
    const ids = await this.#change("append event", (head) => {
      const last = head.last + lines.length;
      const result = lines.map((_, index) =>
        `${head.epoch}-${head.last + 1 + index}`
      );
      return { head: { ...head, last }, lines, result };
    }, tag);
    if (ids === undefined) throw new EventLogClaimError(name);
    return ids;
  }

  /** Changes the head, if it is still that of this claim. */
  #change<T>(
    verb: string,
    makeChange: (head: NamedHead) => Change<T>,
    tag = "",
  ): Promise<T | undefined> {
    const { holder, timeout } = this.#options;
    const attempt = this.#history.prepareChange<T | undefined>(
      tag,
      (head) =>
        head?.holder === holder ? makeChange(head) : { result: undefined },
    );
    return persist(attempt, { timeout, verb, isRefusal });
  }
}
