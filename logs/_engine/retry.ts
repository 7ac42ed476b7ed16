// Copyright 2026 the Tidings authors. MIT license.

/**
 * Calls to an engine that may not answer.
 *
 * @module
 */

import { drawRetryDelay } from "../../_log/retry_delay.ts";

/**
 * What an error of an engine says about the call that failed with it: `"final"`, it did
 * nothing and never will; `"transient"`, it did nothing and may succeed later;
 * `"unknown"`, it may have been done.
 */
export type ErrorKind = "final" | "transient" | "unknown";

/** How often the wait between two attempts is doubled: it is 800 ms at most. */
const MAX_DOUBLINGS = 3;

/** How an engine is asked for something until it answers. */
export interface RetryOptions {
  /** Milliseconds, after which the call is given up. */
  timeout: number;
  /** What the call does, for the `TimeoutError`: "append event". */
  verb: string;
  /** Tells what an attempt's error says, by the engine's list. */
  classifyError: (error: unknown) => ErrorKind;
  /** Gives the call up. */
  signal?: AbortSignal | undefined;
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
 *
 * @returns What the attempt gives. It rejects with an attempt's error if that is final
 * and no attempt before it may have been done. After `timeout`, it rejects with the
 * last error if every attempt is known to have done nothing, and otherwise with a
 * `TimeoutError`: the outcome is unknown.
 */
export async function retry<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  { timeout, verb, classifyError, signal: given }: RetryOptions,
): Promise<T> {
  given?.throwIfAborted();
  const controller = new AbortController();
  const { signal } = controller;
  let failure: unknown;
  /** Whether an attempt that has failed may have been done. */
  let isUnknown = false;
  let isUnderWay = false;
  const timer = setTimeout(() => {
    const isRefused = failure !== undefined && !isUnknown && !isUnderWay;
    controller.abort(
      isRefused ? failure : makeTimeoutError(verb, timeout, failure),
    );
  }, timeout);
  const onAbort = (): void => controller.abort(given?.reason);
  given?.addEventListener("abort", onAbort);
  try {
    for (let failures = 0;; failures++) {
      try {
        isUnderWay = true;
        return await orAborted(attempt(signal), signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const kind = classifyError(error);
        // After an attempt that may have been done, a refusal says nothing of that one.
        if (kind === "final" && !isUnknown) throw error;
        isUnknown ||= kind === "unknown";
        failure = error;
      }
      isUnderWay = false;
      const delay = drawRetryDelay(Math.min(failures, MAX_DOUBLINGS));
      await wait(delay, signal);
    }
  } finally {
    clearTimeout(timer);
    given?.removeEventListener("abort", onAbort);
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
    `Cannot ${verb}: expected an answer, got none for ${timeout} ms`,
    { cause },
  );
  error.name = "TimeoutError";
  return error;
}
