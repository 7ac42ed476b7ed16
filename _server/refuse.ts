// Copyright 2026 the Tidings authors. MIT license.

/**
 * Responses that carry no stream: a status with a sentence for the client, perhaps a
 * `Retry-After`. Servers, channels, runs and sockets all refuse requests by it.
 *
 * @module
 */

/** Milliseconds for `Retry-After` where the options name no reconnection time. */
export const DEFAULT_RETRY_AFTER = 5000;

/** The request that is refused. */
export interface RefusedRequest {
  /** The headers that every response to the request carries. */
  readonly headers: Headers;
  /** Whether the request is HEAD, which gets the headers alone. */
  readonly isHead: boolean;
}

/**
 * Refuses a request. The answer to HEAD has the same headers, and no body.
 *
 * @param request The request.
 * @param status The status.
 * @param message A sentence for the client, with nothing that it may not know.
 * @param retryAfter Milliseconds after which the client may try again. Left out, there is
 * no `Retry-After`.
 * @returns The response.
 */
export function refuse(
  { headers, isHead }: RefusedRequest,
  status: number,
  message: string,
  retryAfter?: number,
): Response {
  if (retryAfter !== undefined) {
    // The header counts in seconds. Rounded down, clients would come back too early.
    headers.set("retry-after", `${Math.ceil(retryAfter / 1000)}`);
  }
  headers.set("content-type", "text/plain;charset=utf-8");
  return new Response(isHead ? null : message, { status, headers });
}

/** Answers with 204: there is nothing to send, and a client does not reconnect. */
export function answerEmpty(headers: Headers): Response {
  return new Response(null, { status: 204, headers });
}
