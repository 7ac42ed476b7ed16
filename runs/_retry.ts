// Copyright 2026 the Tidings authors. MIT license.

/**
 * Retries calls on the logs. Without it, one answer that is lost would leave a run without
 * its end. Our engines retry by themselves; logs of other packages may not.
 *
 * @module
 */

import { drawRetryDelay } from "../_log/retry_delay.ts";
import { EventLogClaimError } from "../log.ts";

/** How often a step is tried. The delays between the tries add up to about 2 s. */
const TRIES = 6;

/**
 * Runs a step until it succeeds. The step must be safe to repeat, whether an earlier try
 * took effect or not.
 *
 * @param step The step, called with the number of its failures so far.
 * @param signal Ends the retries.
 * @returns What the step returns. It rejects with the step's last error, and at once if
 * the claim is lost or the engine has not answered within its own timeout.
 */
export async function retryStep<T>(
  step: (failures: number) => Promise<T>,
  signal?: AbortSignal,
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
    signal?.throwIfAborted();
  }
}
