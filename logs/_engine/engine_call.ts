// Copyright 2026 the Tidings authors. MIT license.

/**
 * Calls to an engine that may not answer.
 *
 * @module
 */

import { drawRetryDelay } from "../../_log/retry_delay.ts";

/** How an engine is asked for something until it answers. */
export interface PersistOptions {
  /** Milliseconds, after which the call is given up with a `TimeoutError`. */
  timeout: number;
  /** What the call does, for that error: "append event". */
  verb: string;
  /** Whether the first attempt's error says that it had no effect and never will. */
  isRefusal: (error: unknown) => boolean;
}

/** Settles as a promise does, or rejects with a signal's reason, whatever is first. */
export function orAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return promise;
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
  });
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  return Promise.race([promise, aborted]).finally(() =>
    signal.removeEventListener("abort", onAbort)
  );
}

/** Settles as a promise does, or rejects with a `TimeoutError`, whatever is first. */
export async function orTimedOut<T>(
  promise: Promise<T>,
  timeout: number,
  verb: string,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(makeTimeoutError(verb, timeout)), timeout);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Repeats an attempt until it succeeds. It may be repeated whatever became of it, and
 * does nothing any more once its signal is aborted.
 */
export async function persist<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  { timeout, verb, isRefusal }: PersistOptions,
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  let failure: unknown;
  const timer = setTimeout(
    () => controller.abort(makeTimeoutError(verb, timeout, failure)),
    timeout,
  );
  try {
    for (let failures = 0;; failures++) {
      try {
        return await orAborted(attempt(signal), signal);
      } catch (error) {
        // Past the first, an attempt that is refused says nothing of those before.
        if (failures === 0 && isRefusal(error)) throw error;
        failure = error;
      }
      await wait(drawRetryDelay(failures), signal);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Waits so many milliseconds, or rejects with the signal's reason. */
export async function wait(delay: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, delay);
  });
  try {
    await orAborted(elapsed, signal);
  } finally {
    clearTimeout(timer);
  }
}

function makeTimeoutError(
  verb: string,
  timeout: number,
  cause?: unknown,
): Error {
  const error = new Error(
    `Cannot ${verb}: nothing came for ${timeout} ms, an answer is wanted`,
    { cause },
  );
  error.name = "TimeoutError";
  return error;
}
