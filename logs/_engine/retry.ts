// Copyright 2026 the Tidings authors. MIT license.

/**
 * Calls to an engine that may not answer: retries within a timeout, and waits that end
 * with a timeout or a signal. If this process stood still, the engine may have answered all
 * the same: the time starts again.
 *
 * @module
 */

import { listenForAbort } from "../../_abort.ts";
import { startIdleTimer } from "../../_idle_timer.ts";
import { drawRetryDelay } from "../../_log/retry_delay.ts";
import { describeFailure } from "./name_errors.ts";

/**
 * What an engine's error says about the call: `"final"`, the call did nothing and will
 * fail again; `"transient"`, it did nothing and may succeed later; `"unknown"`, it may
 * have been done.
 */
export type ErrorKind = "final" | "transient" | "unknown";

/** How often the delay between two attempts is doubled: it is 800 ms at most. */
const MAX_DOUBLINGS = 3;

/** Options of {@linkcode retry}. */
export interface RetryOptions {
  /** Milliseconds after which the call fails. */
  timeout: number;
  /** What the call does, for the `TimeoutError`, such as `append event`. */
  verb: string;
  /** Classifies the error of an attempt, by the engine's list. */
  classifyError: (error: unknown) => ErrorKind;
  /** Aborts the call. */
  signal?: AbortSignal | undefined;
}

/** Settles as a promise does, or rejects with a signal's reason, whichever is first. */
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
  const stopListening = listenForAbort(signal, onAbort);
  return Promise.race([promise, aborted]).finally(stopListening);
}

/**
 * Settles as a promise does, or rejects with a `TimeoutError` or the reason of a signal,
 * whichever is first.
 */
export async function orTimedOut<T>(
  promise: Promise<T>,
  timeout: number,
  verb: string,
  signal?: AbortSignal,
): Promise<T> {
  let stopTimer = (): void => {};
  const late = new Promise<never>((_, reject) => {
    stopTimer = startIdleTimer(
      timeout,
      () => reject(makeTimeoutError(verb, timeout)),
    );
  });
  try {
    // Inside, so that no timer outlives the abort of a call that is never answered.
    return await Promise.race([orAborted(promise, signal), late]);
  } finally {
    stopTimer();
  }
}

/**
 * Repeats an attempt until it succeeds.
 *
 * @param attempt Can be repeated whatever its outcome was, and does nothing any more
 * once its signal is aborted.
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
  // One for all attempts, and not by `orAborted()`: each append pays for it. While none is under
  // way, nothing waits for it.
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  aborted.catch(() => {});
  let failure: unknown;
  /** Whether an attempt that failed may have been done. */
  let isUnknown = false;
  let isUnderWay = false;
  const stopTimer = startIdleTimer(timeout, () => {
    const isRefused = failure !== undefined && !isUnknown && !isUnderWay;
    controller.abort(
      isRefused ? failure : makeTimeoutError(verb, timeout, failure),
    );
  });
  const onAbort = (): void => controller.abort(given?.reason);
  const stopListening = listenForAbort(given, onAbort);
  try {
    for (let failures = 0;; failures++) {
      try {
        isUnderWay = true;
        return await Promise.race([attempt(signal), aborted]);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const kind = classifyError(error);
        // An earlier attempt may have been done: this refusal says nothing about it.
        if (kind === "final" && !isUnknown) throw error;
        isUnknown ||= kind === "unknown";
        failure = error;
      }
      isUnderWay = false;
      const delay = drawRetryDelay(Math.min(failures, MAX_DOUBLINGS));
      await wait(delay, signal);
    }
  } finally {
    stopTimer();
    stopListening();
  }
}

/** Waits, or rejects with the signal's reason. `delay` is in milliseconds. */
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
  // An application may fail in its own adapter of a client: it has to see with what.
  const last = cause === undefined
    ? ""
    : `; the last error: ${describeFailure(cause)}`;
  const error = new Error(
    `Cannot ${verb}: expected an answer, got none for ${timeout} ms${last}`,
    { cause },
  );
  error.name = "TimeoutError";
  return error;
}
