// Copyright 2026 the Tidings authors. MIT license.

/**
 * Repeats commits that conflict with those of other writers. Every write to Deno KV checks
 * the state that it changes, so of several at once, one succeeds.
 *
 * @module
 */

import { wait } from "../_engine/retry.ts";

/** Too many commits conflicted with those of other writers. Nothing was written. */
export class ContentionError extends Error {}

/** The outcome of a commit; after `"outdated"`, the next attempt follows at once. */
export type CommitOutcome<T> =
  | { readonly result: T }
  | "conflict"
  | "outdated";

/** How often a commit is tried. */
const MAX_ATTEMPTS = 50;
/** The most milliseconds to wait before the next attempt. */
const LONGEST_DELAY = 50;

/**
 * Repeats a commit until it does not conflict with others.
 *
 * @param verb What fails otherwise.
 * @param attempt Tries the commit once.
 * @param signal Ends the attempts.
 * @returns The result of the commit. It rejects with a {@linkcode ContentionError} after
 * 50 attempts, with the signal's reason, and with what the attempt fails with.
 */
export async function retryConflicts<T>(
  verb: string,
  attempt: () => Promise<CommitOutcome<T>>,
  signal: AbortSignal,
): Promise<T> {
  for (let conflicts = 0; conflicts < MAX_ATTEMPTS; conflicts++) {
    signal.throwIfAborted();
    const outcome = await attempt();
    if (outcome === "outdated") continue;
    if (outcome !== "conflict") return outcome.result;
    // Random, so that the writers that conflicted do not conflict again.
    const delay = Math.min(2 ** conflicts, LONGEST_DELAY);
    await wait(Math.random() * delay, signal);
  }
  throw new ContentionError(
    `Cannot ${verb}: ${MAX_ATTEMPTS} commits conflicted with those of other writers`,
  );
}
