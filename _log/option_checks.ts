// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a log may be asked for, the same for every engine.
 *
 * @module
 */

import { assertLimit, assertNumber } from "../_validate.ts";
import type { EventLogReadOptions } from "./event_log.ts";

/** How much is read at once, with the defaults filled in. */
export interface ReadBounds {
  limit: number;
  maxBytes: number;
}

/**
 * Reads the options of {@linkcode EventLog.read}.
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

/** Checks what {@linkcode EventLog.rewind} is given, as {@linkcode checkReadOptions}. */
export function checkRewindCount(count: number, signal?: AbortSignal): void {
  signal?.throwIfAborted();
  assertLimit("rewind event log", "count", count, 0);
}
