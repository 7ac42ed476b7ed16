// Copyright 2026 the Tidings authors. MIT license.

/**
 * The log of one name in Deno KV, which `DenoKvEventLogs.open()` gives.
 *
 * @module
 */

import { makeEpoch } from "../../_log/epoch_cursor.ts";
import type { EventLog, EventLogAppendOptions } from "../../_log/event_log.ts";
import { compareCursors } from "../_engine/beginning.ts";
import { findPosition } from "../_engine/epoch_reader.ts";
import { LogCalls } from "../_engine/log_calls.ts";
import { quote } from "../../_validate.ts";
import type { TextEventInit } from "../../event.ts";
import { KvAppendQueue } from "./append_queue.ts";
import type { Line } from "./batches.ts";
import { classifyError } from "./error_kinds.ts";
import type { NamedState } from "./named_state.ts";
import type { KvNamedHistory } from "./named_history.ts";

/** Options of {@linkcode KvNamedLog}. */
export interface KvNamedLogOptions {
  name: string;
  /** Milliseconds after the last append until the name expires. */
  expireIn: number;
  /** Milliseconds after which a follower reads even without a reported change. */
  pollInterval: number;
  /** Milliseconds without an answer after which a call fails. */
  timeout: number;
}

/** The log of a name in Deno KV. Appending needs no claim. */
export class KvNamedLog extends LogCalls implements EventLog {
  readonly #history: KvNamedHistory;
  readonly #options: KvNamedLogOptions;
  readonly #appends: KvAppendQueue;
  readonly #writer = crypto.randomUUID();
  /** How many writes have started. */
  #writes = 0;

  constructor(history: KvNamedHistory, options: KvNamedLogOptions) {
    super(
      {
        read: (after, bounds) => history.read(after, bounds),
        rewind: async (count) =>
          // The events of a name are dropped all at once.
          findPosition(await history.readState(), count, 1),
        watch: () => history.watch(options.pollInterval),
      },
      { timeout: options.timeout, name: quote(options.name), classifyError },
    );
    this.#history = history;
    this.#options = options;
    this.#appends = new KvAppendQueue((lines) => this.#append(lines));
  }

  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return this.#appends.append(event, options);
  }

  compare(a: string, b: string): number | undefined {
    return compareCursors(a, b);
  }

  async #append(lines: readonly Line[]): Promise<readonly string[]> {
    const { expireIn } = this.#options;
    const tag = `${this.#writer}-${++this.#writes}`;
    let expiring: string | undefined;
    const attempt = this.#history.prepareChange(tag, (state) => {
      expiring = expiresEarly(state, expireIn) ? state?.epoch : undefined;
      const next = makeNextState(state, lines.length, expireIn);
      const result = lines.map((_, index) =>
        `${next.epoch}-${next.last - lines.length + 1 + index}`
      );
      return { state: next, lines, result };
    });
    const ids = await this.retry(attempt, "append to");
    if (expiring !== undefined) {
      await this.#history.keep(expiring, 2 * expireIn, this.#options.timeout);
    }
    return ids;
  }
}

/** Whether the batches expire before an event that is appended now. */
function expiresEarly(
  state: NamedState | undefined,
  expireIn: number,
): boolean {
  return state !== undefined && state.last > 0 &&
    state.keptUntil < Date.now() + expireIn;
}

function makeNextState(
  state: NamedState | undefined,
  count: number,
  expireIn: number,
): NamedState {
  const now = Date.now();
  const expiresAt = now + expireIn;
  // Twice as long: otherwise each event would rewrite all batches.
  const keptUntil = state === undefined || state.keptUntil < expiresAt
    ? now + 2 * expireIn
    : state.keptUntil;
  return {
    epoch: state?.epoch ?? makeEpoch(),
    last: (state?.last ?? 0) + count,
    token: state?.token,
    claimId: state?.claimId,
    leaseEnd: state?.leaseEnd ?? 0,
    expiresAt,
    keptUntil,
  };
}
