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
import type { NamedHead } from "./named_head.ts";
import {
  type Change,
  type KvNamedHistory,
  MissingWriteError,
} from "./named_history.ts";
import { judge } from "./refusal.ts";
import { WrittenHistory, type WrittenLines } from "./written_lines.ts";

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
  /** What was written with the claim, if anything was. */
  first: WrittenLines | undefined;
}

/** The claim of a name in Deno KV. */
export class KvClaim implements EventLogClaim {
  readonly cursor: string;
  readonly #history: KvNamedHistory;
  readonly #options: KvClaimOptions;
  readonly #appends: KvAppends;
  readonly #written = new WrittenHistory();
  /** The last write, which must be there; cleared if it cannot be any more. */
  #last: WrittenLines | undefined;
  /** How many writes were begun. */
  #writes = 0;

  constructor(history: KvNamedHistory, options: KvClaimOptions) {
    this.cursor = options.cursor;
    this.#history = history;
    this.#options = options;
    this.#appends = new KvAppends((lines) => this.#append(lines));
    if (options.first !== undefined) this.#keep(options.first);
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
      requires: this.#last,
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
    const written = await this.#change("append event", (head) => {
      const last = head.last + lines.length;
      const result = { epoch: head.epoch, first: head.last + 1 };
      const requires = this.#last;
      return { head: { ...head, last }, lines, requires, result };
    }, tag);
    if (written === undefined) throw new EventLogClaimError(name);
    const { epoch, first } = written;
    this.#keep({ tag, first, lines });
    return lines.map((_, index) => `${epoch}-${first + index}`);
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
    const attemptWhole = async (signal: AbortSignal) => {
      for (;;) {
        try {
          return await attempt(signal);
        } catch (error) {
          if (!(error instanceof MissingWriteError)) throw error;
          signal.throwIfAborted();
          await this.#mend();
        }
      }
    };
    return persist(attemptWhole, { timeout, verb, judge });
  }

  #keep(write: WrittenLines): void {
    this.#last = write;
    this.#written.add(write);
  }

  /** Writes again what is missing at the end of what this claim has written. */
  async #mend(): Promise<void> {
    const { holder } = this.#options;
    const last = this.#last;
    const isThere = await this.#history.rewrite(
      this.#written.all,
      (head) => head.holder === holder,
    );
    if (!isThere && this.#last === last) this.#last = undefined;
  }
}
