// Copyright 2026 the Tidings authors. MIT license.

/**
 * Whether a lost connection is reestablished, and no sooner than when: what
 * `connection.ts` does unless `shouldReconnect` says otherwise.
 *
 * @module
 */

import { parseRetryAfter } from "./backoff.ts";
import { type EventSourceInit, isRepeatable } from "./connection_options.ts";
import type { Disconnection } from "./connection_state.ts";
import type { EventSourceError } from "./event_source_error.ts";
import { isTransientStatus } from "./transient_status.ts";
import { describeMismatch } from "../_validate.ts";

/** Whether every later attempt would fail too: `shouldReconnect` is not asked then. */
export function isFinal({ reason }: EventSourceError): boolean {
  return /^(no-content|event-too-large|invalid-request)$/.test(reason);
}

/**
 * Whether the connection is reestablished: by `shouldReconnect`, or else by default.
 *
 * @param disconnection Why the connection was lost.
 * @param options The options of the connection.
 * @param isStandard Whether the defaults are those of a browser.
 * @throws {TypeError} If `shouldReconnect` returns neither a boolean nor `undefined`.
 */
export function isReestablished(
  disconnection: Disconnection,
  options: EventSourceInit,
  isStandard: boolean,
): boolean {
  const answer: unknown = options.shouldReconnect?.(disconnection) ??
    isTransient(disconnection.error, options, isStandard);
  if (typeof answer === "boolean") return answer;
  // A promise would count as true, whatever it resolves to.
  Promise.resolve(answer).catch(() => {});
  const expected = "a boolean or undefined";
  throw new TypeError(
    describeMismatch("reconnect", "shouldReconnect()", expected, answer),
  );
}

/** Whether the connection is reestablished if `shouldReconnect` does not decide. */
export function isTransient(
  error: EventSourceError,
  options: EventSourceInit,
  isStandard: boolean,
): boolean {
  // Spec: any status but 200 has the user agent "fail the connection".
  if (isStandard && error.status !== undefined) return false;
  return getRetryAfter(error, 0) !== undefined ||
    (isRepeatable(options) &&
      (hasTransientStatus(error) ||
        /^(end|network-error|idle-timeout)$/.test(error.reason)));
}

/**
 * Reads the `Retry-After` of a response with a transient status.
 *
 * @param error Why the connection was lost.
 * @param now Milliseconds since the epoch.
 * @returns Milliseconds to wait, `undefined` if there is no such header.
 */
export function getRetryAfter(
  error: EventSourceError,
  now: number,
): number | undefined {
  return hasTransientStatus(error)
    ? parseRetryAfter(error.headers?.get("Retry-After") ?? null, now)
    : undefined;
}

function hasTransientStatus({ status }: EventSourceError): boolean {
  return status !== undefined && isTransientStatus(status);
}
