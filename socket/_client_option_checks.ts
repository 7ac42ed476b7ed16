// Copyright 2026 the Tidings authors. MIT license.

/**
 * The checks of the options of `EventStreamSocket`.
 *
 * @module
 */

import { assertNumber, MAX_DELAY } from "../_validate.ts";
import type { EventStreamSocketOptions } from "./_client_options.ts";

/**
 * Checks the options that `connect()` does not check when the stream is opened.
 *
 * @throws {TypeError} If an option is of the wrong type, or a header invalid.
 * @throws {RangeError} If an option is a number outside its range.
 */
export function assertOptions(options: EventStreamSocketOptions): void {
  const { headers, webSocketTimeout = 0 } = options;
  if (typeof headers !== "function") new Headers(headers);
  assertNumber("connect", "webSocketTimeout", webSocketTimeout, 0, MAX_DELAY);
}
