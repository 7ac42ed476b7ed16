// Copyright 2026 the Tidings authors. MIT license.

/**
 * Claims of logs by name, for SQLite and PostgreSQL, which read the state of a log and write
 * the change in one step. An append and the check of its claim are one step too, so no event
 * of a claim can be missing.
 *
 * @module
 */

import { makeEpoch } from "../../_log/epoch_cursor.ts";
import type { EventLogAppendOptions } from "../../_log/event_log.ts";
import {
  type EventLogClaim,
  EventLogClaimError,
} from "../../_log/event_logs.ts";
import type { CheckedClaimOptions } from "../../_log/option_checks.ts";
import type { TextEventInit } from "../../event.ts";
import { assertNoId } from "./assert_no_id.ts";
import { canBeClaimed } from "./claim_rule.ts";
import { makeEventLine } from "./event_line.ts";
import {
  addEvent,
  beginLog,
  type DecideChange,
  isClaimed,
  type LogChange,
  type LogState,
} from "./log_changes.ts";

/** A log that can be claimed. */
export interface ChangeableLog {
  /** Makes a change in one step. `task` names it in errors, such as `claim`. */
  change<T>(task: string, decide: DecideChange<T>): Promise<T>;
  /** Appends an event, as `EventLog.append`. */
  append(
    event: TextEventInit,
    options: EventLogAppendOptions,
    decide: (line: string) => DecideChange<string>,
  ): Promise<string>;
}

/** Claims a log, as `EventLogs.claim`. */
export async function claimLog(
  log: ChangeableLog,
  name: string,
  options: CheckedClaimOptions,
): Promise<EventLogClaim | undefined> {
  const { leaseTime, expireIn, replace, event } = options;
  if (event !== undefined) assertNoId(event);
  const id = makeEpoch();
  const cursor = await log.change<string | undefined>("claim", (state, now) => {
    const isHeld = state !== undefined && isClaimed(state, now);
    if (!canBeClaimed(state, isHeld, options)) return { result: undefined };
    const kept = replace || state === undefined ? beginLog() : state;
    const result = `${kept.epoch}-${kept.last}`;
    const leaseEnd = now + leaseTime;
    const expiresAt = now + expireIn;
    const next = { ...kept, claimId: id, leaseEnd, expiresAt };
    return event === undefined
      ? { state: next, result }
      : { ...addEvent(next, makeEventLine(event, {})), result };
  });
  if (cursor === undefined) return undefined;
  return new Claim(log, name, id, cursor, leaseTime);
}

class Claim implements EventLogClaim {
  readonly cursor: string;
  readonly id: string;
  readonly #log: ChangeableLog;
  readonly #name: string;
  /** Milliseconds. */
  readonly #leaseTime: number;

  constructor(
    log: ChangeableLog,
    name: string,
    id: string,
    cursor: string,
    leaseTime: number,
  ) {
    this.cursor = cursor;
    this.id = id;
    this.#log = log;
    this.#name = name;
    this.#leaseTime = leaseTime;
  }

  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return this.#log.append(event, options, (line) => (state) => {
      if (!this.#isHeld(state)) throw new EventLogClaimError(this.#name);
      return addEvent(state, line);
    });
  }

  async renew(): Promise<boolean> {
    return await this.#log.change("renew the claim of", (state, now) => {
      if (!this.#isHeld(state)) return { result: false };
      const leaseEnd = now + this.#leaseTime;
      return { state: { ...state, leaseEnd }, result: true };
    });
  }

  async release(): Promise<void> {
    await this.#log.change("release", (state): LogChange<void> => ({
      state: this.#isHeld(state)
        ? { ...state, leaseEnd: undefined }
        : undefined,
      result: undefined,
    }));
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "EventLogClaim";
  }

  /** Whether the log is still claimed by this claim, also if its lease has run out. */
  #isHeld(state: LogState | undefined): state is LogState {
    return state?.claimId === this.id && state.leaseEnd !== undefined;
  }
}
