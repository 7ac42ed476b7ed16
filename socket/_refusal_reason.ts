// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads why a request was refused, for the `reason` with which the client's socket closes.
 *
 * @module
 */

import { cutReason } from "./_close_reason.ts";

/** Bytes of a body that are read: a reason is shorter. */
const MAX_BODY_SIZE = 1024;

/** What a response says with which a server, or a proxy before it, refuses a request. */
export interface Refusal {
  status: number | undefined;
  headers: Headers | undefined;
  /** The beginning of the body. */
  body: string;
}

/**
 * Tells whether a refusal has a sentence for people: `serveSocket()` sends one, while a
 * proxy sends a page.
 */
export function hasSentence({ headers, body }: Refusal): boolean {
  const isText = /^text\/plain\b/i.test(headers?.get("content-type") ?? "");
  return isText && body.trim() !== "";
}

/** Writes the reason of a refusal: its own sentence, or its status. */
export function describeRefusal(verb: string, refusal: Refusal): string {
  return cutReason(
    hasSentence(refusal)
      ? refusal.body.trim()
      : `Cannot ${verb}: the status is ${refusal.status}`,
  );
}

/** Reads the beginning of a refusal's body, and cancels the rest. */
export async function readRefusal(response: Response): Promise<Refusal> {
  const { status, headers } = response;
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let body = "";
  try {
    while (reader !== undefined && body.length < MAX_BODY_SIZE) {
      const { value } = await reader.read();
      if (value === undefined) break;
      body += decoder.decode(value.subarray(0, MAX_BODY_SIZE), {
        stream: true,
      });
    }
  } catch {
    // The body broke off: the status stays.
  }
  // Not awaited: a cancel() that never settles must not hold the socket.
  reader?.cancel().catch(() => {});
  return { status, headers, body };
}
