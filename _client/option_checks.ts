// Copyright 2026 the Tidings authors. MIT license.

/**
 * The checks of the options of `EventSource` and `connect()`, for `connection.ts`.
 *
 * @module
 */

import {
  assertLimit,
  assertNumber,
  assertString,
  MAX_DELAY,
} from "../_validate.ts";
import { type EventSourceInit, getMethod } from "./connection_options.ts";

const VERB = "connect";

/**
 * Checks what does not depend on an attempt, so that a mistake shows at once and
 * not as a connection that fails again and again.
 *
 * @throws {TypeError} If the method or a header is invalid, the method GET or HEAD has
 * a body, or an option is of the wrong type.
 * @throws {RangeError} If a number is out of its range.
 */
export function assertOptions(options: EventSourceInit): void {
  const { headers, lastEventId, maxEventSize, backoff = {} } = options;
  new Request("http://localhost", {
    method: getMethod(options),
    headers: typeof headers === "function" ? {} : headers ?? {},
    body: options.body === undefined ? null : "",
  });
  assertRange("reconnectionTime", options.reconnectionTime, 0, MAX_DELAY);
  // Infinity is the default, spelt out.
  if (options.idleTimeout !== Infinity) {
    assertRange("idleTimeout", options.idleTimeout, 1, MAX_DELAY);
  }
  // The parser checks these too, but its errors say "Cannot create parser".
  if (maxEventSize !== undefined) {
    assertLimit(VERB, "maxEventSize", maxEventSize, 1);
  }
  if (lastEventId !== undefined) assertString(VERB, "lastEventId", lastEventId);
  assertRange("backoff.factor", backoff.factor, 1);
  assertRange("backoff.maxDelay", backoff.maxDelay, 0);
  assertRange("backoff.maxAttempts", backoff.maxAttempts, 0);
  assertRange("backoff.healthyAfter", backoff.healthyAfter, 0);
}

function assertRange(
  name: string,
  value: number | undefined,
  min: number,
  max?: number,
): void {
  if (value !== undefined) assertNumber(VERB, name, value, min, max);
}
