// Copyright 2026 the Tidings authors. MIT license.

/**
 * Whether a lost connection is reestablished, and no sooner than when: what
 * `connection.ts` does unless `shouldReconnect` says otherwise.
 *
 * @module
 */

import {
  type BackoffOptions,
  drawDelay,
  limitRetryAfter,
  parseRetryAfter,
} from "./backoff.ts";
import { checkOption } from "./check_option.ts";
import { type EventSourceInit, isRepeatable } from "./connection_options.ts";
import type { Disconnection } from "./connection_state.ts";
import type { EventSourceError } from "./event_source_error.ts";
import {
  DEFAULT_HEALTHY_AFTER,
  DEFAULT_RECONNECTION_TIME,
  MAX_FLOOR,
  SHORT_STREAM,
} from "./times.ts";
import { isTransientStatus } from "./transient_status.ts";

/** Counts the attempts of a connection, and decides about the next one. */
export class Reconnection {
  readonly #options: EventSourceInit;
  readonly #isStandard: boolean;
  readonly #backoff: BackoffOptions;
  /** Attempts since the last healthy connection. */
  attempts = 0;
  /** When the connection was opened, `NaN` while it is not open. */
  openedAt = NaN;
  /** Whether it would be reestablished if there were attempts left. */
  hasGivenUp = false;
  /**
   * The streams in a row that ended at once. With `retry: 0`, a server that answers with
   * one event at a time would get hundreds of requests a second.
   */
  #shortStreams = 0;

  /**
   * @param options The options of the connection.
   * @param isStandard Whether the defaults are those of a browser.
   */
  constructor(options: EventSourceInit, isStandard: boolean) {
    this.#options = options;
    this.#isStandard = isStandard;
    this.#backoff = options.backoff ?? (isStandard ? { maxDelay: 0 } : {});
  }

  /**
   * Describes what follows if the connection is reestablished.
   *
   * @param error Why it was lost.
   * @param now Milliseconds since the epoch.
   * @param reconnectionTime The one that the stream has set.
   */
  describe(
    error: EventSourceError,
    now: number,
    reconnectionTime: number | undefined,
  ): Disconnection {
    const { reason, status, headers } = error;
    const { healthyAfter = DEFAULT_HEALTHY_AFTER, maxDelay } = this.#backoff;
    // Neither less nor more than any number if there was no stream.
    const time = now - this.openedAt;
    this.openedAt = NaN;
    if (time >= healthyAfter) this.attempts = 0;
    const attempt = this.attempts + 1;
    if (time >= SHORT_STREAM) this.#shortStreams = 0;
    else if (time < SHORT_STREAM && !this.#isStandard) this.#shortStreams++;
    const delay = reason === "reconnect" ? 0 : Math.max(
      Math.min(
        Math.floor(2 ** this.#shortStreams / 2),
        MAX_FLOOR,
        // A wait that the user limits is not made longer. 0 keeps the wait from growing.
        maxDelay || MAX_FLOOR,
      ),
      drawDelay(
        attempt,
        reconnectionTime ?? this.#options.reconnectionTime ??
          DEFAULT_RECONNECTION_TIME,
        this.#backoff,
      ),
      limitRetryAfter(getRetryAfter(error, now) ?? 0, maxDelay),
    );
    return { reason, status, headers, error, attempt, delay };
  }

  /**
   * Whether to reestablish the connection, rather than fail it.
   *
   * @throws {TypeError} If `shouldReconnect` returns neither a boolean nor `undefined`.
   */
  decide(disconnection: Disconnection): boolean {
    const { reason, error, attempt } = disconnection;
    const { shouldReconnect } = this.#options;
    if (reason === "reconnect") return true;
    // Every later attempt would fail too.
    if (/^(no-content|event-too-large|invalid-request)$/.test(reason)) {
      return false;
    }
    const { maxAttempts = Infinity } = this.#backoff;
    if (attempt > maxAttempts) {
      // Without this, a stream that ends again and again would look as if it were over.
      this.hasGivenUp = maxAttempts > 0 &&
        (shouldReconnect !== undefined || this.#isTransient(error));
      return false;
    }
    const answer = shouldReconnect?.(disconnection) ?? this.#isTransient(error);
    // A promise would count as true, whatever it resolves to.
    Promise.resolve(answer).catch(() => {});
    const expected = "a boolean or undefined";
    return checkOption("reconnect", "shouldReconnect()", answer, expected);
  }

  /** Whether the connection is reestablished if `shouldReconnect` does not decide. */
  #isTransient(error: EventSourceError): boolean {
    // Spec: any status but 200 has the user agent "fail the connection".
    if (this.#isStandard && error.status !== undefined) return false;
    return getRetryAfter(error, 0) !== undefined ||
      (isRepeatable(this.#options) &&
        (isTransientStatus(error.status) ||
          /^(end|network-error|idle-timeout)$/.test(error.reason)));
  }
}

/**
 * Reads the `Retry-After` of a response with a transient status.
 *
 * @param error Why the connection was lost.
 * @param now Milliseconds since the epoch.
 * @returns Milliseconds to wait, `undefined` if there is no such header.
 */
function getRetryAfter(
  error: EventSourceError,
  now: number,
): number | undefined {
  return isTransientStatus(error.status)
    ? parseRetryAfter(error.headers?.get("Retry-After"), now)
    : undefined;
}
