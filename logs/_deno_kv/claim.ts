// Copyright 2026 the Tidings authors. MIT license.

/**
 * The claim of a name in Deno KV. It does not rely on the store to keep what it has
 * confirmed: each write checks that the last one is there, and writes again what is lost.
 *
 * @module
 */

import type { EventLogAppendOptions } from "../../_log/event_log.ts";
import {
  type EventLogClaim,
  EventLogClaimError,
} from "../../_log/event_logs.ts";
import type { TextEventInit } from "../../event.ts";
import { RecentWrites } from "../_engine/recent_writes.ts";
import { quote } from "../../_validate.ts";
import { nameErrors } from "../_engine/name_errors.ts";
import { retry } from "../_engine/retry.ts";
import { KvAppendQueue } from "./append_queue.ts";
import type { Line } from "./batches.ts";
import type { NamedState } from "./named_state.ts";
import {
  type Change,
  type KvNamedHistory,
  MissingWriteError,
} from "./named_history.ts";
import { classifyError } from "./error_kinds.ts";
import { measureWrite, type RecentWrite } from "./recent_write.ts";

/** Options of {@linkcode KvClaim}. */
export interface KvClaimOptions {
  name: string;
  /** The end of the log when it was claimed. */
  cursor: string;
  /** The token of the claim in the state of the name. */
  token: string;
  /** Milliseconds. */
  leaseTime: number;
  /** Milliseconds without an answer after which a change fails. */
  timeout: number;
  /** What was written with the claim, if it had an event. */
  first: RecentWrite | undefined;
}

/** The claim of a name in Deno KV. */
export class KvClaim implements EventLogClaim {
  readonly cursor: string;
  readonly id: string;
  readonly #history: KvNamedHistory;
  readonly #options: KvClaimOptions;
  readonly #appends: KvAppendQueue;
  readonly #written = new RecentWrites(measureWrite);
  /** The last write, which the next one requires; cleared if it cannot be restored. */
  #last: RecentWrite | undefined;
  /** How many writes have started. */
  #writes = 0;

  constructor(history: KvNamedHistory, options: KvClaimOptions) {
    this.cursor = options.cursor;
    this.id = options.token;
    this.#history = history;
    this.#options = options;
    this.#appends = new KvAppendQueue((lines) => this.#append(lines));
    if (options.first !== undefined) this.#keep(options.first);
  }

  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return this.#appends.append(event, options);
  }

  async renew(): Promise<boolean> {
    const { leaseTime } = this.#options;
    return await this.#change("renew claim of", (state) => ({
      state: { ...state, leaseEnd: Date.now() + leaseTime },
      requires: this.#last,
      result: true,
    })) ?? false;
  }

  async release(): Promise<void> {
    await this.#change("release claim of", (state) => ({
      state: { ...state, token: undefined },
      result: true,
    }));
  }

  async #append(lines: readonly Line[]): Promise<readonly string[]> {
    const { token, name } = this.#options;
    const tag = `${token}-${++this.#writes}`;
    const written = await this.#change("append to", (state) => {
      const last = state.last + lines.length;
      const result = { epoch: state.epoch, first: state.last + 1 };
      const requires = this.#last;
      return { state: { ...state, last }, lines, requires, result };
    }, tag);
    if (written === undefined) throw new EventLogClaimError(name);
    const { epoch, first } = written;
    this.#keep({ tag, first, lines });
    return lines.map((_, index) => `${epoch}-${first + index}`);
  }

  /** Changes the state of the name, unless there is a later claim. */
  #change<T>(
    task: string,
    makeChange: (state: NamedState) => Change<T>,
    tag = "",
  ): Promise<T | undefined> {
    const { name, token, timeout } = this.#options;
    const verb = `${task} event log ${quote(name)}`;
    const attempt = this.#history.prepareChange<T | undefined>(
      tag,
      (state) =>
        state?.token === token ? makeChange(state) : { result: undefined },
    );
    const attemptOnWhole = async (signal: AbortSignal) => {
      for (;;) {
        try {
          return await attempt(signal);
        } catch (error) {
          if (!(error instanceof MissingWriteError)) throw error;
          signal.throwIfAborted();
          await this.#rewrite();
        }
      }
    };
    const options = { timeout, verb, classifyError };
    return nameErrors(verb, () => retry(attemptOnWhole, options));
  }

  #keep(write: RecentWrite): void {
    this.#last = write;
    this.#written.add(write);
  }

  /** Writes again the lost end of what this claim has written. */
  async #rewrite(): Promise<void> {
    const { token } = this.#options;
    const last = this.#last;
    const isWhole = await this.#history.rewrite(
      this.#written.all,
      (state) => state.token === token,
    );
    if (!isWhole && this.#last === last) this.#last = undefined;
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "EventLogClaim";
  }
}
