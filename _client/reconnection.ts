// Copyright 2026 the Tidings authors. MIT license.

/**
 * Whether a lost connection is reestablished, and no sooner than when: what
 * `connection.ts` does unless `shouldReconnect` says otherwise.
 *
 * @module
 */

import { type BackoffOptions, drawDelay, parseRetryAfter } from "./backoff.ts";
import { checkOption } from "./check_option.ts";
import { type EventSourceInit, isRepeatable } from "./connection_options.ts";
import type { Disconnection } from "./connection_state.ts";
import type { EventSourceError } from "./event_source_error.ts";
import {
  DEFAULT_HEALTHY_AFTER,
  DEFAULT_MAX_DELAY,
  DEFAULT_RECONNECTION_TIME,
  MAX_FLOOR,
  SHORT_STREAM,
} from "./times.ts";
import { MAX_DELAY } from "../_validate.ts";
import { isTransientStatus } from "./transient_status.ts";

/** Counts the attempts of a connection, and decides whether there is another one. */
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
   * Decides whether the connection is reestablished.
   *
   * @param error Why it was lost.
   * @param now Milliseconds since the epoch.
   * @param reconnectionTime The one that the stream has set.
   * @returns What follows, `undefined` if the connection fails.
   * @throws {TypeError} If `shouldReconnect` returns neither a boolean nor `undefined`.
   */
  decide(
    error: EventSourceError,
    now: number,
    reconnectionTime = this.#options.reconnectionTime ??
      DEFAULT_RECONNECTION_TIME,
  ): Disconnection | undefined {
    const { reason, status, headers } = error;
    const { shouldReconnect } = this.#options;
    const { maxAttempts = Infinity } = this.#backoff;
    this.#count(now - this.openedAt);
    const attempt = this.attempts;
    const retryAfter = isTransientStatus(status)
      ? parseRetryAfter(headers?.get("Retry-After"), now)
      : undefined;
    const disconnection = {
      reason,
      status,
      headers,
      error,
      attempt,
      delay: 0,
    };
    if (reason === "reconnect") return disconnection;
    disconnection.delay = this.#drawDelay(reconnectionTime, retryAfter);
    // Every later attempt would fail too.
    if (/^(no-content|event-too-large|invalid-request)$/.test(reason)) {
      return undefined;
    }
    // Spec: any status but 200 has the user agent "fail the connection".
    const isTransient = !(this.#isStandard && status !== undefined) &&
      (retryAfter !== undefined ||
        (isRepeatable(this.#options) &&
          (isTransientStatus(status) ||
            /^(end|network-error|idle-timeout)$/.test(reason))));
    if (attempt > maxAttempts) {
      // Without this, a stream that ends again and again would look as if it were over.
      this.hasGivenUp = maxAttempts > 0 &&
        (shouldReconnect !== undefined || isTransient);
      return undefined;
    }
    const answer = shouldReconnect?.(disconnection) ?? isTransient;
    // A promise would count as true, whatever it resolves to.
    Promise.resolve(answer).catch(() => {});
    const expected = "a boolean or undefined";
    checkOption("reconnect", "shouldReconnect()", answer, expected);
    return answer ? disconnection : undefined;
  }

  /**
   * Counts the attempt that follows.
   *
   * @param time Milliseconds that the stream was open, `NaN` if there was none, which is
   * neither less nor more than any number.
   */
  #count(time: number): void {
    const { healthyAfter = DEFAULT_HEALTHY_AFTER } = this.#backoff;
    this.openedAt = NaN;
    if (time >= healthyAfter) this.attempts = 0;
    this.attempts++;
    if (time >= SHORT_STREAM) this.#shortStreams = 0;
    else if (time < SHORT_STREAM && !this.#isStandard) this.#shortStreams++;
  }

  /** Draws the milliseconds until the next attempt. */
  #drawDelay(reconnectionTime: number, retryAfter = 0): number {
    const { maxDelay } = this.#backoff;
    return Math.max(
      Math.min(
        Math.floor(2 ** this.#shortStreams / 2),
        MAX_FLOOR,
        // A wait that the user limits is not made longer. 0 keeps the wait from growing.
        maxDelay || MAX_FLOOR,
      ),
      drawDelay(this.attempts, reconnectionTime, this.#backoff),
      // 10^20 seconds are a mistake, or malice.
      retryAfter < (maxDelay || MAX_DELAY)
        ? retryAfter
        : maxDelay ?? DEFAULT_MAX_DELAY,
    );
  }
}
