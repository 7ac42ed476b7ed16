// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks of the arguments of `EventLog` and `EventLogs`, for every engine.
 *
 * @module
 */

import { assertLimit, assertNumber } from "../_validate.ts";
import type { EventLogReadOptions } from "./event_log.ts";
import {
  assertLogName,
  type EventLogClaimOptions,
  type EventLogOpenOptions,
} from "./event_logs.ts";

/** How much one read gives, with the defaults filled in. */
export interface ReadBounds {
  limit: number;
  maxBytes: number;
}

/**
 * Checks the options of {@linkcode EventLog.read}, and fills in the defaults.
 *
 * @throws {TypeError} If one of them is not a number.
 * @throws {RangeError} If one of them is outside its range.
 * @throws {unknown} The signal's reason, if it is aborted.
 */
export function checkReadOptions(
  { limit = 256, maxBytes = 65_536, signal }: EventLogReadOptions,
): ReadBounds {
  signal?.throwIfAborted();
  assertLimit("read event log", "limit", limit, 1);
  assertNumber("read event log", "maxBytes", maxBytes, 0);
  return { limit, maxBytes };
}

/** Checks the arguments of {@linkcode EventLog.rewind}. */
export function checkRewindCount(count: number, signal?: AbortSignal): void {
  signal?.throwIfAborted();
  assertLimit("rewind event log", "count", count, 0);
}

/**
 * Checks the arguments of {@linkcode EventLogs.open}.
 *
 * @returns Milliseconds after the last append until the name expires.
 */
export function checkOpenOptions(
  name: string,
  { expireIn = Infinity }: EventLogOpenOptions,
): number {
  const verb = "open event log";
  assertLogName(verb, name);
  assertLimit(verb, "expireIn", expireIn, 1);
  return expireIn;
}

/**
 * Checks the arguments of {@linkcode EventLogs.claim}.
 *
 * @returns Milliseconds until the name expires.
 */
export function checkClaimOptions(
  name: string,
  { leaseTime, expireIn = Infinity }: EventLogClaimOptions,
): number {
  const verb = "claim event log";
  assertLogName(verb, name);
  assertLimit(verb, "leaseTime", leaseTime, 1);
  assertLimit(verb, "expireIn", expireIn, 1);
  return expireIn;
}

/** Checks the arguments of {@linkcode EventLogs.expire}. */
export function checkExpireDelay(name: string, delay: number): void {
  const verb = "expire event log";
  assertLogName(verb, name);
  assertLimit(verb, "delay", delay, 1);
}
