// Copyright 2026 the Tidings authors. MIT license.

/**
 * Steps of a run that are tried again: one answer that is lost must not cost the run its
 * end. Our engines try again by themselves; logs of other makes may not.
 *
 * @module
 */

import { drawRetryDelay } from "../_log/retry_delay.ts";
import { EventLogClaimError } from "../log.ts";

/** How often a step is tried. The waits in between take some 2 s together. */
const TRIES = 6;

/**
 * Repeats a step that may be repeated whatever became of it.
 *
 * @param step The step. It is told how often it has failed.
 * @returns What the step gives. It rejects with the step's last error, and at once if
 * the claim is lost or the engine has tried for as long as it may.
 */
export async function retryStep<T>(
  step: (failures: number) => Promise<T>,
): Promise<T> {
  for (let failures = 0;; failures++) {
    try {
      return await step(failures);
    } catch (error) {
      const isOver = failures + 1 === TRIES ||
        error instanceof EventLogClaimError ||
        (error instanceof Error && error.name === "TimeoutError");
      if (isOver) throw error;
    }
    await new Promise((resolve) =>
      setTimeout(resolve, drawRetryDelay(failures))
    );
  }
}
