// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes every error of a connection an `EventSourceError` that names its URL, for
 * `connection.ts`.
 *
 * @module
 */

import { EventSourceError } from "./event_source_error.ts";

/**
 * Makes an `EventSourceError` of whatever was thrown.
 *
 * @param error What was thrown.
 * @param url The URL of the request, empty if there was none.
 */
export function asEventSourceError(
  error: unknown,
  url: string,
): EventSourceError {
  const made = error instanceof EventSourceError ? error : localError(error);
  // What has made the error does not know the URL.
  if (url) {
    const { origin, pathname, protocol } = new URL(url);
    (made as { url: string | undefined }).url ??= origin === "null"
      ? protocol
      : origin + pathname;
  }
  return made;
}

/** Makes the error for what a function of the options threw. */
export function localError(cause: unknown): EventSourceError {
  return new EventSourceError(
    "local-error",
    "Cannot keep event stream: a function of the options threw, see the cause",
    { cause },
  );
}
