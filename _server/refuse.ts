// Copyright 2026 the Tidings authors. MIT license.

/**
 * Responses that carry no stream: a status, perhaps a `Retry-After`, perhaps a sentence.
 * Servers, channels, runs and sockets all refuse requests by it.
 *
 * @module
 */

/** Milliseconds for `Retry-After` where the options name no reconnection time. */
export const DEFAULT_RETRY_AFTER = 5000;

/** What a refusal says besides its status. */
export interface RefuseOptions {
  /** Milliseconds after which the client may try again. Left out, there is no `Retry-After`. */
  retryAfter?: number | undefined;
  /** A sentence for the client. Left out, the response has no body. */
  message?: string | undefined;
}

/**
 * Makes a response without a stream.
 *
 * @param headers The headers that every response to the request carries.
 * @param status The status.
 * @param options What it says besides.
 * @returns The response.
 */
export function refuse(
  headers: Headers,
  status: number,
  { retryAfter, message }: RefuseOptions = {},
): Response {
  if (retryAfter !== undefined) {
    // The header counts in seconds. Rounded down, clients would come back too early.
    headers.set("retry-after", `${Math.ceil(retryAfter / 1000)}`);
  }
  if (message !== undefined) {
    headers.set("content-type", "text/plain;charset=utf-8");
  }
  return new Response(message ?? null, { status, headers });
}
