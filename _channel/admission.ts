// Copyright 2026 the Tidings authors. MIT license.

/**
 * Decides which clients a channel admits: none once it is closed, and no more than its
 * limits allow. The channel asks it for each request that may get a stream.
 *
 * @module
 */

import { Admission, type AdmittedClient } from "../_server/admission.ts";
import { DEFAULT_RETRY_AFTER, refuse } from "../_server/refuse.ts";
import { assertName, MAX_DELAY } from "../_validate.ts";
import { encodeEvent } from "../encoder.ts";
import type { CloseReason } from "../server.ts";
import type { CheckedChannelOptions } from "./option_checks.ts";

/** What a closed channel answers. */
export interface Closing {
  readonly status: 204 | 503;
  /**
   * The reconnection time in milliseconds. Each client is told a time between this and
   * twice this.
   */
  readonly retry: number | undefined;
}

/** The admission to one channel. */
export class ChannelAdmission {
  readonly #options: CheckedChannelOptions;
  readonly #admission = new Admission();
  /** Set once the channel is closed. */
  #closing: Closing | undefined;

  /** @param options The options of the channel. */
  constructor(options: CheckedChannelOptions) {
    this.#options = options;
  }

  /** Whether the channel is closed. */
  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Closes the channel: no client is admitted any more. The first call counts. */
  close(closing: Closing): void {
    this.#closing ??= closing;
  }

  /** Makes the last chunk of a client when the channel is closed. */
  makeFarewell(): Uint8Array<ArrayBuffer> | undefined {
    const retry = this.#closing?.retry;
    return retry === undefined
      ? undefined
      : encodeEvent({ retry: addJitter(retry) });
  }

  /**
   * Decides on a request.
   *
   * @param request The request.
   * @param headers The headers that every response to it carries.
   * @param clients How many clients the channel has.
   * @returns The client, or the response that refuses it.
   */
  decide(
    request: Request,
    headers: Headers,
    clients: number,
  ): AdmittedClient | Response {
    if (this.#closing !== undefined) {
      const { status, retry } = this.#closing;
      if (status === 204) return refuse(headers, status);
      const wait = retry === undefined ? undefined : addJitter(retry);
      return this.#refuse(headers, status, wait);
    }
    const { key, maxSubscribers, maxSubscribersPerKey, retry } = this.#options;
    const limits = {
      maxClients: maxSubscribers,
      maxClientsPerKey: maxSubscribersPerKey,
    };
    const decision = this.#admission.decide(clients, limits, () => {
      const value = key?.(request);
      if (value !== undefined) assertName("serve event channel", "key", value);
      return value;
    });
    return typeof decision === "number"
      ? this.#refuse(headers, decision, retry)
      : decision;
  }

  /**
   * Counts a client. The count ends when the returned callback is called, which calls
   * `onClose`.
   */
  enter(
    { key }: AdmittedClient,
    onClose: ((reason: CloseReason) => void) | undefined,
  ): ((reason: CloseReason) => void) | undefined {
    if (key === undefined) return onClose;
    const leave = this.#admission.enter(key);
    return (reason) => {
      leave();
      onClose?.(reason);
    };
  }

  #refuse(
    headers: Headers,
    status: number,
    retryAfter: number = DEFAULT_RETRY_AFTER,
  ): Response {
    return refuse(headers, status, { retryAfter });
  }
}

/**
 * Draws a time between `retry` and twice that. Without this jitter all clients of a server
 * that restarts would reconnect at once, as a thundering herd.
 */
function addJitter(retry: number): number {
  return Math.min(Math.round(retry * (1 + Math.random())), MAX_DELAY);
}
