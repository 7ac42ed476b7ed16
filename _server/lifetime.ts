// Copyright 2026 the Tidings authors. MIT license.

/**
 * Ends a stream from outside, before its source does: by `maxDuration`, or by the
 * `signal` of the options. Sessions and subscribers use it.
 *
 * @module
 */

import { listenForAbort } from "../_abort.ts";

/** How long a stream may last. */
export interface Lifetime {
  /** Milliseconds, or `Infinity`. */
  maxDuration: number;
  /** Ends the stream when it is aborted. */
  signal: AbortSignal | undefined;
}

/**
 * Begins to watch over the lifetime of a stream.
 *
 * @param lifetime How long the stream may last.
 * @param end Ends the stream; not called once the watch has ended.
 * @returns Ends the watch, and releases its timer and its listener.
 */
export function watchLifetime(
  { maxDuration, signal }: Lifetime,
  end: (reason: "lifetime" | "server") => void,
): () => void {
  if (signal?.aborted) {
    end("server");
    return () => {};
  }
  const onAbort = (): void => end("server");
  const timer = maxDuration === Infinity
    ? undefined
    : setTimeout(() => end("lifetime"), maxDuration);
  const stopListening = listenForAbort(signal, onAbort);
  return () => {
    clearTimeout(timer);
    stopListening();
  };
}
