// Copyright 2026 the Tidings authors. MIT license.

/**
 * The waits between failed attempts, for connections and for the POSTs of sockets:
 * exponential backoff with jitter, and the `Retry-After` header.
 *
 * @module
 */

import { MAX_DELAY } from "../_validate.ts";
import { checkOption } from "./check_option.ts";
import { DEFAULT_MAX_DELAY } from "./times.ts";

// The three formats of RFC 9110, section 5.6.7; the last is that of asctime().
const HTTP_DATE_REGEXP = /^[A-Z][a-z]+,? .+:\d\d (GMT|\d{4})$/;

/**
 * How the waits between failed attempts grow. The wait before the nth attempt has
 * jitter: it is drawn evenly between the reconnection time and the reconnection time ×
 * `factor`ⁿ, so it is never shorter than the server's `retry`.
 */
export interface BackoffOptions {
  /**
   * By how much the upper end of the wait is multiplied at each attempt, at least 1.
   *
   * @default {2}
   */
  factor?: number | undefined;
  /**
   * Milliseconds that the wait never exceeds, unless the reconnection time is longer;
   * 0 makes every wait the reconnection time. A longer `Retry-After` is cut to it if it
   * is given and not 0, and in any case if no timer holds it (25 days).
   *
   * @default {30_000}
   */
  maxDelay?: number | undefined;
  /**
   * How many attempts in a row may fail before the connection fails for good; 0 never
   * reconnects, and is no failure where the body has ended. An attempt whose body ends
   * without an event has failed too.
   *
   * @default {Infinity}
   */
  maxAttempts?: number | undefined;
  /**
   * Milliseconds after which an open connection counts as healthy: the count of attempts
   * begins at 0 again. A connection that received an event is healthy at once.
   *
   * @default {5_000}
   */
  healthyAfter?: number | undefined;
  /**
   * Returns a number of at least 0 and below 1.
   *
   * @default {Math.random}
   */
  random?: (() => number) | undefined;
}

/**
 * Draws the milliseconds to wait before an attempt.
 *
 * The jitter is for a server that restarts: without it, all of its clients would come
 * back at the same moment, and again at each later attempt (a thundering herd).
 *
 * @param attempt 1 for the first attempt after a healthy connection.
 * @param reconnectionTime The stream's reconnection time in milliseconds.
 * @param options How the waits grow.
 */
export function drawDelay(
  attempt: number,
  reconnectionTime: number,
  { factor = 2, maxDelay = DEFAULT_MAX_DELAY, random = Math.random }:
    BackoffOptions,
): number {
  const floor = Math.min(reconnectionTime, MAX_DELAY);
  // A reconnection time of 0 would stay 0 however often it is multiplied.
  const grown = Math.max(floor, 1) * factor ** attempt;
  const ceiling = Math.min(grown, maxDelay, MAX_DELAY);
  const drawn = random();
  checkOption("connect", "backoff.random()", drawn, "a number from 0 to 1");
  return floor + Math.round(drawn * Math.max(ceiling - floor, 0));
}

/**
 * Reads a `Retry-After` header: seconds or an HTTP date.
 *
 * @param value The header's value.
 * @param now Milliseconds since the epoch.
 * @returns Milliseconds, `undefined` if there is no such header or it is invalid.
 */
export function parseRetryAfter(
  value: string | null | undefined,
  now: number,
): number | undefined {
  // Not every runtime strips the spaces around a header's value.
  const text = value?.trim() ?? "";
  // Date.parse() accepts more than HTTP dates: "-1" is one in V8.
  const date = HTTP_DATE_REGEXP.test(text)
    // HTTP dates are in GMT, but the format of asctime() does not say so.
    ? Date.parse(text.replace(/ GMT|$/, " GMT"))
    : NaN;
  const delay = /^\d+$/.test(text) ? Number(text) * 1000 : date - now;
  return Number.isNaN(delay)
    ? undefined
    : Math.min(Math.max(delay, 0), MAX_DELAY);
}
