// Copyright 2026 the Tidings authors. MIT license.

/**
 * Names the log in what an engine fails with: `WRONGTYPE` alone does not tell which of
 * many keys it is.
 *
 * @module
 */

import type { EventLogBatch } from "../../_log/event_log.ts";
import { quote } from "../../_validate.ts";
import { messageOf } from "../../_warning.ts";

/** What our own checks say, which the caller has caused. */
const CHECK_REGEXP = /^Cannot [^:]+: /;

/**
 * Runs a call to an engine.
 *
 * @param what What it does, with the name of the log: `read event log "news"`.
 * @param call The call.
 * @param signal What it rejects with if this is aborted is left as it is.
 * @returns What the call gives. It rejects with an error of the same class, which names
 * the log and has the engine's error as its `cause`.
 */
export async function nameErrors<T>(
  what: string,
  call: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw signal?.aborted ? error : nameError(what, error);
  }
}

/**
 * Follows a log, as {@linkcode nameErrors}. What `onBatch` throws is left as it is.
 *
 * @param what What it does, with the name of the log.
 * @param onBatch Is called with each batch.
 * @param follow Follows the log.
 * @param signal What it rejects with if this is aborted is left as it is.
 */
export async function nameFollowErrors(
  what: string,
  onBatch: (batch: EventLogBatch) => void,
  follow: (onBatch: (batch: EventLogBatch) => void) => Promise<never>,
  signal: AbortSignal | undefined,
): Promise<never> {
  let thrown: { error: unknown } | undefined;
  try {
    return await follow((batch) => {
      try {
        onBatch(batch);
      } catch (error) {
        thrown = { error };
        throw error;
      }
    });
  } catch (error) {
    const isNamed = signal?.aborted || thrown?.error === error;
    throw isNamed ? error : nameError(what, error);
  }
}

/**
 * The text of an error. Where a server has several addresses, the error that none of them
 * answers has no text of its own.
 */
export function describeFailure(error: unknown): string {
  const text = messageOf(error);
  if (text !== "" || !(error instanceof AggregateError)) return text;
  return error.errors.map(messageOf).join(", ");
}

function nameError(what: string, error: unknown): unknown {
  if (!(error instanceof Error)) {
    return new Error(`Cannot ${what}: got ${quote(error)}`, { cause: error });
  }
  const { name, code } = error as Error & { code?: unknown };
  const message = describeFailure(error);
  const isCheck = CHECK_REGEXP.test(message) &&
    Object.getPrototypeOf(error) !== Error.prototype;
  if (isCheck || message.startsWith(`Cannot ${what}: `)) return error;
  const named = new Error(`Cannot ${what}: ${message}`, { cause: error });
  // Of the same class, so that a caller can tell it by `instanceof`.
  Object.setPrototypeOf(named, Object.getPrototypeOf(error));
  // Own members: those of some classes work on their own instances only.
  Object.defineProperty(named, "name", { value: name, configurable: true });
  if (code !== undefined) {
    Object.defineProperty(named, "code", { value: code, configurable: true });
  }
  return named;
}
