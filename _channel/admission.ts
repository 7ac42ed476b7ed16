// Copyright 2026 the Tidings authors. MIT license.

/**
 * Who may come in, and what the others are told.
 *
 * @module
 */

import { commonHeaders } from "../_server/answer.ts";
import { assertName, MAX_DELAY } from "../_validate.ts";
import { encodeEvent } from "../encoder.ts";
import type { CloseReason } from "../server.ts";
import type {
  CheckedChannelOptions,
  EventChannelServeOptions,
} from "./options.ts";

/** What a closed channel answers. */
export interface Closing {
  readonly status: 204 | 503;
  /** The clients' reconnection time, which each is told up to twice as long. */
  readonly retry: number | undefined;
}

// Seconds, for clients that are refused where the channel has no `retry`.
const DEFAULT_RETRY_AFTER = 5;

/** Counts the clients of a channel by their keys, and refuses those that are too many. */
export class Admission {
  readonly #options: CheckedChannelOptions;
  /** How many clients there are by their keys. */
  readonly #perKey = new Map<string, number>();
  /** Set once the channel is closed. */
  #closing: Closing | undefined;

  constructor(options: CheckedChannelOptions) {
    this.#options = options;
  }

  /** Whether nobody is let in any more. */
  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Lets nobody in any more. What the first call says counts. */
  close(closing: Closing): void {
    this.#closing ??= closing;
  }

  /** What a client is sent last when the channel is closed. */
  makeFarewell(): Uint8Array<ArrayBuffer> | undefined {
    const retry = this.#closing?.retry;
    return retry === undefined
      ? undefined
      : encodeEvent({ retry: spread(retry) });
  }

  /**
   * Decides on a request.
   *
   * @param size How many clients there are.
   * @returns The key of the client, or the answer that it gets instead of a stream.
   */
  decide(
    request: Request,
    options: EventChannelServeOptions,
    size: number,
  ): { key: string | undefined } | Response {
    const { key: keyOf, maxSubscribers, maxSubscribersPerKey, retry } =
      this.#options;
    if (this.#closing !== undefined) {
      const { status, retry } = this.#closing;
      const wait = retry === undefined ? undefined : spread(retry);
      return refuse(request, options, status, wait);
    }
    if (size >= maxSubscribers) return refuse(request, options, 503, retry);
    const key = keyOf?.(request);
    if (key !== undefined) assertName("serve event channel", "key", key);
    const count = key === undefined ? 0 : this.#perKey.get(key) ?? 0;
    if (count < maxSubscribersPerKey) return { key };
    return refuse(request, options, 429, retry);
  }

  /** Counts a client, until what is returned is called in place of its callback. */
  enter(
    key: string | undefined,
    onClose: ((reason: CloseReason) => void) | undefined,
  ): ((reason: CloseReason) => void) | undefined {
    if (key === undefined) return onClose;
    this.#perKey.set(key, (this.#perKey.get(key) ?? 0) + 1);
    return (reason) => {
      // It was counted above.
      const count = this.#perKey.get(key)! - 1;
      if (count === 0) this.#perKey.delete(key);
      else this.#perKey.set(key, count);
      onClose?.(reason);
    };
  }
}

function refuse(
  request: Request,
  options: EventChannelServeOptions,
  status: 204 | 429 | 503,
  retry: number | undefined,
): Response {
  const headers = commonHeaders(request, options);
  if (status !== 204) {
    const seconds = retry === undefined ? DEFAULT_RETRY_AFTER : retry / 1000;
    headers.set("retry-after", `${Math.ceil(seconds)}`);
  }
  return new Response(null, { status, headers });
}

/** Draws a time between `retry` and twice that, so that clients come back one by one. */
function spread(retry: number): number {
  return Math.min(Math.round(retry * (1 + Math.random())), MAX_DELAY);
}
