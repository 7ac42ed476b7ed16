// Copyright 2026 the Tidings authors. MIT license.

/**
 * Decides the changes of a log by its state, for SQLite and PostgreSQL, which read the state
 * and write the change in one step.
 *
 * @module
 */

import { makeEpoch } from "../../_log/epoch_cursor.ts";
import type { EventLogState } from "../../_log/event_logs.ts";
import type { EpochState } from "./epoch_reader.ts";
import { readEventLine } from "./event_line.ts";

/** The state of a log. Times are those of the wall clock, in milliseconds. */
export interface LogState extends EpochState {
  /** The last claim; `undefined` if there was none. */
  readonly claimId?: string | undefined;
  /** When the lease of the claim ends; `undefined` once it is released. */
  readonly leaseEnd?: number | undefined;
  /** When the log expires, or `Infinity`. */
  readonly expiresAt: number;
}

/** A change of a log. */
export interface LogChange<T> {
  /**
   * The state to write; left out, nothing is changed. One of another epoch starts the log
   * over: the events of the old one are dropped.
   */
  readonly state?: LogState | undefined;
  /** The event to append, whose sequence is `state.last`. */
  readonly line?: string | undefined;
  readonly result: T;
}

/**
 * Decides on a change. It is called again if the state has changed before the write.
 *
 * @param state The state, `undefined` if the log does not exist or has expired.
 * @param now The time of the wall clock, in milliseconds.
 */
export type DecideChange<T> = (
  state: LogState | undefined,
  now: number,
) => LogChange<T>;

/** Makes the state of a new log. */
export function beginLog(): LogState {
  return { epoch: makeEpoch(), last: 0, expiresAt: Infinity };
}

/** Gives a state that was read, `undefined` if the log has expired. */
export function unexpired<State extends LogState>(
  state: State | undefined,
  now: number,
): State | undefined {
  return state !== undefined && state.expiresAt > now ? state : undefined;
}

/** Makes the change that appends an event; its result is the event's ID. */
export function addEvent(state: LogState, line: string): LogChange<string> {
  const next = { ...state, last: state.last + 1 };
  return { state: next, line, result: `${next.epoch}-${next.last}` };
}

/**
 * Appends an event to a log, or to a new one.
 *
 * @param expireIn Milliseconds until the log expires, or `Infinity`.
 */
export function decideAppend(
  line: string,
  expireIn: number,
): DecideChange<string> {
  return (state = beginLog(), now) =>
    addEvent({ ...state, expiresAt: now + expireIn }, line);
}

/** Lets a log expire, as `EventLogs.expire`. */
export function decideExpiry(
  delay: number,
  claimId: string | undefined,
): DecideChange<void> {
  return (state, now) => {
    const isLater = claimId !== undefined && state?.claimId !== claimId;
    if (state === undefined || isLater) return { result: undefined };
    return { state: { ...state, expiresAt: now + delay }, result: undefined };
  };
}

/** Whether a log is claimed now. */
export function isClaimed({ leaseEnd }: LogState, now: number): boolean {
  return leaseEnd !== undefined && leaseEnd > now;
}

/**
 * Describes a log, as `EventLogs.inspect`.
 *
 * @param line The line of its last event, `undefined` if there is none.
 */
export function describeLog(
  state: LogState | undefined,
  line: string | undefined,
  now: number,
): EventLogState {
  if (state === undefined) return { last: undefined, isClaimed: false };
  const { epoch, claimId } = state;
  const last = line === undefined
    ? undefined
    : readEventLine(line, `${epoch}-${state.last}`);
  const found = { last, isClaimed: isClaimed(state, now) };
  return claimId === undefined ? found : { ...found, claimId };
}
