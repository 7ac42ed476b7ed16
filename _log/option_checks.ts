// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks of the arguments of `EventLog` and `EventLogs`, for every engine.
 *
 * @module
 */

import {
  assertNoOptions,
  CONFLATION_KEY,
  hasMembers,
  type OptionKinds,
  readOptions,
  SIGNAL,
  STRINGS,
} from "../_options.ts";
import { assertLimit, assertNumber, describeMismatch } from "../_validate.ts";
import type { TextEventInit } from "../event.ts";
import type {
  EventLogAppendOptions,
  EventLogFollowOptions,
  EventLogOptions,
  EventLogReadOptions,
} from "./event_log.ts";
import {
  assertLogName,
  type EventLogClaimOptions,
  type EventLogExpireOptions,
  type EventLogOpenOptions,
} from "./event_logs.ts";

/** Milliseconds, some 3000 years. Engines refuse longer times, or cannot add them to a date. */
const LONGEST_TIME = 1e14;

const LOG_OPTIONS: OptionKinds<EventLogOptions> = { signal: SIGNAL };

const APPEND_OPTIONS: OptionKinds<EventLogAppendOptions> = {
  ...LOG_OPTIONS,
  topics: STRINGS,
  conflationKey: CONFLATION_KEY,
  disconnect: "a boolean",
  transaction: "any",
};

const READ_OPTIONS: OptionKinds<EventLogReadOptions> = {
  ...LOG_OPTIONS,
  limit: "any",
  maxBytes: "any",
};

const FOLLOW_OPTIONS: OptionKinds<EventLogFollowOptions> = {
  ...LOG_OPTIONS,
  after: "a string",
};

const OPEN_OPTIONS: OptionKinds<EventLogOpenOptions> = { expireIn: "any" };

const CLAIM_OPTIONS: OptionKinds<EventLogClaimOptions> = {
  leaseTime: "any",
  expireIn: "any",
  after: "a string",
  takeOver: "a string",
  replace: "a boolean",
  event: ["an event", (value) => hasMembers(value)],
};

const EXPIRE_OPTIONS: OptionKinds<EventLogExpireOptions> = {
  claimId: "a string",
};

/** How much one read gives, with the defaults filled in. */
export interface ReadBounds {
  limit: number;
  maxBytes: number;
}

/** What a log takes when an event is appended. */
export interface AppendChecks {
  /** Whether an event can be part of a transaction that the caller hands in. */
  takesTransaction?: boolean;
  /** Why a log takes none, for the error. */
  whyNoTransaction?: string;
}

/** What {@linkcode EventLogs.claim} is asked for, with the default filled in. */
export interface CheckedClaimOptions extends EventLogClaimOptions {
  expireIn: number;
}

/**
 * Checks the arguments of {@linkcode EventLog.append}. The caller has checked the fields
 * of the event.
 *
 * @param checks What the log takes.
 * @returns The options.
 * @throws {TypeError} If an option is unknown or of the wrong type, or is a member of the
 * event, or if there is a transaction and the log knows none.
 */
export function checkAppend(
  event: TextEventInit,
  options: EventLogAppendOptions,
  {
    takesTransaction = false,
    whyNoTransaction = "this log takes none",
  }: AppendChecks = {},
): EventLogAppendOptions {
  const verb = "append event";
  const given = readOptions(verb, options, APPEND_OPTIONS);
  const { transaction } = given;
  if (transaction !== undefined && !takesTransaction) {
    const expected = `left out, since ${whyNoTransaction}`;
    throw new TypeError(
      describeMismatch(verb, "transaction", expected, transaction),
    );
  }
  assertNoOptions(verb, event, given);
  return given;
}

/**
 * Checks the options of {@linkcode EventLog.read}, and fills in the defaults.
 *
 * @throws {TypeError} If one of them is unknown or of the wrong type.
 * @throws {RangeError} If one of them is outside its range.
 * @throws {unknown} The signal's reason, if it is aborted.
 */
export function checkReadOptions(
  options: EventLogReadOptions,
): ReadBounds & EventLogOptions {
  const verb = "read event log";
  const { limit = 256, maxBytes = 65_536, signal } = readOptions(
    verb,
    options,
    READ_OPTIONS,
  );
  signal?.throwIfAborted();
  assertLimit(verb, "limit", limit, 1);
  assertNumber(verb, "maxBytes", maxBytes, 0);
  return { limit, maxBytes, signal };
}

/**
 * Checks the arguments of {@linkcode EventLog.rewind}.
 *
 * @returns The signal, which is not aborted.
 */
export function checkRewind(
  count: number,
  options: EventLogOptions,
): AbortSignal | undefined {
  const verb = "rewind event log";
  const { signal } = readOptions(verb, options, LOG_OPTIONS);
  signal?.throwIfAborted();
  assertLimit(verb, "count", count, 0);
  return signal;
}

/** Checks the options of {@linkcode EventLog.follow}. */
export function checkFollowOptions(
  options: EventLogFollowOptions,
): EventLogFollowOptions {
  return readOptions("follow event log", options, FOLLOW_OPTIONS);
}

/**
 * Checks the arguments of {@linkcode EventLogs.open}.
 *
 * @returns Milliseconds after the last append until the name expires.
 */
export function checkOpenOptions(
  name: string,
  options: EventLogOpenOptions,
): number {
  const verb = "open event log";
  const { expireIn = Infinity } = readOptions(verb, options, OPEN_OPTIONS);
  assertLogName(verb, name);
  assertLimit(verb, "expireIn", expireIn, 1);
  return orNever(expireIn);
}

/** Checks the arguments of {@linkcode EventLogs.claim}, and fills in the default. */
export function checkClaimOptions(
  name: string,
  options: EventLogClaimOptions,
): CheckedClaimOptions {
  const verb = "claim event log";
  const given = readOptions(verb, options, CLAIM_OPTIONS);
  const { leaseTime, expireIn = Infinity, event } = given;
  assertLogName(verb, name);
  assertLimit(verb, "leaseTime", leaseTime, 1);
  assertLimit(verb, "expireIn", expireIn, 1);
  if (event !== undefined) assertNoOptions(verb, event);
  return {
    ...given,
    leaseTime: Math.min(leaseTime, LONGEST_TIME),
    expireIn: orNever(expireIn),
  };
}

/**
 * Checks the arguments of {@linkcode EventLogs.expire}.
 *
 * @returns The options, and the delay.
 */
export function checkExpire(
  name: string,
  delay: number,
  options: EventLogExpireOptions,
): EventLogExpireOptions & { delay: number } {
  const verb = "expire event log";
  const given = readOptions(verb, options, EXPIRE_OPTIONS);
  assertLogName(verb, name);
  assertLimit(verb, "delay", delay, 1);
  return { ...given, delay: Math.min(delay, LONGEST_TIME) };
}

/**
 * Makes a time that an engine can keep.
 *
 * @returns The milliseconds, `Infinity` if they are thousands of years.
 */
export function orNever(time: number): number {
  return time > LONGEST_TIME ? Infinity : time;
}
