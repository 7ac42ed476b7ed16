// Copyright 2026 the Tidings authors. MIT license.

/**
 * Many logs by name in Deno KV: opens, claims, inspects and expires them.
 *
 * @module
 */

import { makeEpoch } from "../../_log/epoch_cursor.ts";
import type { EventLog } from "../../_log/event_log.ts";
import {
  assertLogName,
  type EventLogClaim,
  type EventLogClaimOptions,
  type EventLogExpireOptions,
  type EventLogOpenOptions,
  type EventLogs,
  type EventLogState,
} from "../../_log/event_logs.ts";
import {
  checkClaimOptions,
  type CheckedClaimOptions,
  checkExpire,
  checkOpenOptions,
} from "../../_log/option_checks.ts";
import { type OptionKinds, readOptions } from "../../_options.ts";
import { quote } from "../../_validate.ts";
import { canBeClaimed } from "../_engine/claim_rule.ts";
import { nameErrors } from "../_engine/name_errors.ts";
import { retry } from "../_engine/retry.ts";
import { makeCheckedLine } from "./batches.ts";
import { KvClaim } from "./claim.ts";
import type { NamedState } from "./named_state.ts";
import { type Change, KvNamedHistory } from "./named_history.ts";
import { KvNamedLog } from "./named_log.ts";
import { classifyError } from "./error_kinds.ts";
import { checkStore } from "./replies.ts";
import { checkKvOptions } from "./option_checks.ts";
import type { KvKeyPart, KvStore } from "./store.ts";

/** Options for {@linkcode DenoKvEventLogs}. */
export interface DenoKvEventLogsOptions {
  /**
   * Milliseconds after which a follower reads the log even if Deno KV has reported no
   * change, as for `DenoKvEventLog`: 1 to 2 147 483 647, or `Infinity` for never.
   *
   * @default {250}
   */
  pollInterval?: number | undefined;
  /**
   * Milliseconds after which a call that Deno KV has not answered fails: 1 to
   * 2 147 483 647. It rejects with an error whose name is `"TimeoutError"`. If this process
   * stood still meanwhile, the time starts again.
   *
   * @default {10_000}
   */
  timeout?: number | undefined;
}

const OPTIONS: OptionKinds<DenoKvEventLogsOptions> = {
  pollInterval: "any",
  timeout: "any",
};

/**
 * Logs in Deno KV, under a prefix of its keys. It leaves the `Deno.Kv` open.
 *
 * - Leases and expiry use the clocks of the machines. Differences between the clocks must
 *   be small against the shortest lease. Expired names are not read any more; Deno KV
 *   removes them about a minute later.
 * - IDs have the form `epoch-sequence`. Events must not bring their own, and take at most
 *   512 KiB as JSON.
 * - Appends and claims are tried again after errors that leave the outcome unknown; they
 *   are never done twice.
 * - A claim keeps its last writes in memory, 1000 events or 1 MiB of them, whichever is
 *   less. Each append checks in the same commit that the last write is there. The claim
 *   writes lost events again under the same IDs; if that is impossible, readers get a
 *   gap.
 *
 * @example Usage
 * ```ts
 * import { DenoKvEventLogs } from "@tidings/sse/deno-kv";
 * import { EventRuns } from "@tidings/sse/runs";
 * import { assertEquals } from "@std/assert";
 *
 * using kv = await Deno.openKv(":memory:");
 * const logs = new DenoKvEventLogs(kv, ["answers"]);
 * await using runs = new EventRuns({ logs });
 *
 * await runs.start("greeting", () => [{ data: "Hello" }]);
 * assertEquals(await runs.ended("greeting"), "done");
 * ```
 */
export class DenoKvEventLogs implements EventLogs {
  readonly #kv: KvStore;
  readonly #prefix: readonly KvKeyPart[];
  readonly #pollInterval: number;
  readonly #timeout: number;

  /**
   * Makes logs of what is under the prefix. It does not use the store yet.
   *
   * @param kv The store, such as `await Deno.openKv()`.
   * @param prefix The first parts of all keys. They take at most 900 bytes.
   * @param options How to follow, and how long to wait.
   * @throws {TypeError} If an option is unknown or not a number, or the prefix is not an
   * array of parts of keys whose texts are well-formed.
   * @throws {RangeError} If an option is outside its range, or the prefix too long.
   */
  constructor(
    kv: KvStore,
    prefix: readonly KvKeyPart[],
    options: DenoKvEventLogsOptions = {},
  ) {
    const verb = "make event logs";
    const { pollInterval = 250, timeout = 10_000 } = readOptions(
      verb,
      options,
      OPTIONS,
    );
    checkKvOptions(verb, prefix, pollInterval, timeout);
    this.#kv = checkStore(verb, kv);
    this.#prefix = prefix;
    this.#pollInterval = pollInterval;
    this.#timeout = timeout;
  }

  /**
   * Opens the log of a name, as {@linkcode EventLogs.open}.
   *
   * @throws {TypeError} If the name is empty or not well-formed, or `expireIn` is not a number.
   * @throws {RangeError} If the name is too long, or `expireIn` is outside its range.
   */
  open(name: string, options: EventLogOpenOptions = {}): EventLog {
    const expireIn = checkOpenOptions(name, options);
    return new KvNamedLog(this.#historyOf(name), {
      name,
      expireIn,
      pollInterval: this.#pollInterval,
      timeout: this.#timeout,
    });
  }

  /**
   * Claims a name, as {@linkcode EventLogs.claim}.
   *
   * @returns The claim, `undefined` if there is none. It rejects with a `TypeError` if an
   * option is not a number or the name is empty, with a `RangeError` if an option is
   * outside its range, and with what the store throws.
   */
  async claim(
    name: string,
    options: EventLogClaimOptions,
  ): Promise<EventLogClaim | undefined> {
    const given = checkClaimOptions(name, options);
    const { leaseTime, expireIn, replace, event } = given;
    const verb = `claim event log ${quote(name)}`;
    const history = this.#historyOf(name);
    const token = crypto.randomUUID();
    const lines = event === undefined ? [] : [makeCheckedLine(event, {})];
    let before: NamedState | undefined;
    const state = await this.#change(history, verb, token, (state) => {
      if (state?.token === token) return { result: state };
      const isHeld = state !== undefined && isClaimed(state);
      if (!canBeClaimed(state, isHeld, given)) return { result: undefined };
      before = state;
      const kept = replace ? undefined : state;
      const next = makeClaimedState(kept, lines.length, token, given);
      return { state: next, lines, result: next };
    });
    if (state === undefined) return undefined;
    if (before !== undefined && before.last > 0) {
      await history.keep(
        before.epoch,
        replace ? 0 : expireIn,
        this.#timeout,
      );
    }
    const cursor = `${state.epoch}-${state.last - lines.length}`;
    const timeout = this.#timeout;
    const first = lines.length === 0
      ? undefined
      : { tag: token, first: state.last, lines };
    return new KvClaim(history, {
      name,
      cursor,
      token,
      leaseTime,
      timeout,
      first,
    });
  }

  /**
   * Gives the state of a name, as {@linkcode EventLogs.inspect}.
   *
   * @returns Its state. It rejects with what the store throws.
   */
  async inspect(name: string): Promise<EventLogState> {
    assertLogName("inspect event log", name);
    const history = this.#historyOf(name);
    const inspect = async (): Promise<EventLogState> => {
      const state = await history.readState();
      if (state === undefined) return { last: undefined, isClaimed: false };
      const last = state.last === 0 ? undefined : await history.findLast(state);
      const { claimId } = state;
      const found = { last, isClaimed: isClaimed(state) };
      return claimId === undefined ? found : { ...found, claimId };
    };
    const timeout = this.#timeout;
    const verb = `inspect event log ${quote(name)}`;
    const options = { timeout, verb, classifyError };
    return await nameErrors(verb, () => retry(inspect, options));
  }

  /**
   * Lets a name expire, as {@linkcode EventLogs.expire}.
   *
   * @returns It rejects with a `TypeError` if `delay` is not a number, with a
   * `RangeError` if it is not an integer of at least 1, and with what the store throws.
   */
  async expire(
    name: string,
    delay: number,
    options: EventLogExpireOptions = {},
  ): Promise<void> {
    const verb = `expire event log ${quote(name)}`;
    const { claimId, delay: expireIn } = checkExpire(name, delay, options);
    const history = this.#historyOf(name);
    const epoch = await this.#change(history, verb, "", (state) => {
      const isLater = claimId !== undefined && state?.claimId !== claimId;
      if (state === undefined || isLater) return { result: undefined };
      const expiresAt = Date.now() + expireIn;
      const next = { ...state, expiresAt, keptUntil: expiresAt };
      return { state: next, result: state.epoch };
    });
    if (epoch !== undefined) {
      await history.keep(epoch, expireIn, this.#timeout);
    }
  }

  #historyOf(name: string): KvNamedHistory {
    return new KvNamedHistory(this.#kv, [...this.#prefix, name]);
  }

  #change<T>(
    history: KvNamedHistory,
    verb: string,
    tag: string,
    makeChange: (state: NamedState | undefined) => Change<T>,
  ): Promise<T> {
    const change = history.prepareChange(tag, makeChange);
    const options = { timeout: this.#timeout, verb, classifyError };
    return nameErrors(verb, () => retry(change, options));
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "DenoKvEventLogs";
  }
}

function isClaimed({ token, leaseEnd }: NamedState): boolean {
  return token !== undefined && leaseEnd > Date.now();
}

function makeClaimedState(
  state: NamedState | undefined,
  count: number,
  token: string,
  { leaseTime, expireIn }: CheckedClaimOptions,
): NamedState {
  const now = Date.now();
  const expiresAt = now + expireIn;
  return {
    epoch: state?.epoch ?? makeEpoch(),
    last: (state?.last ?? 0) + count,
    token,
    claimId: token,
    leaseEnd: now + leaseTime,
    expiresAt,
    keptUntil: expiresAt,
  };
}
