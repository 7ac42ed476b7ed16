// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks of the arguments of `EventLog.read` and `EventLog.rewind`, for every engine.
 *
 * @module
 */

import { assertLimit, assertNumber } from "../_validate.ts";
import type { EventLogReadOptions } from "./event_log.ts";

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
