// Copyright 2026 the Tidings authors. MIT license.

/** What ends one client's stream from outside, before its source does. */

/** How long a stream may last. */
export interface Lifetime {
  /** Milliseconds, or `Infinity`. */
  maxDuration: number;
  signal: AbortSignal | undefined;
}

/**
 * Watches over a lifetime.
 *
 * @param lifetime What ends the stream.
 * @param end Ends it; not called after the release.
 * @returns The release of the timer and the listener.
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
  signal?.addEventListener("abort", onAbort);
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
}
