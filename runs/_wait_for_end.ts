// Copyright 2026 the Tidings authors. MIT license.

/**
 * Waits for the end of a run. `EventRuns.ended()` calls it.
 *
 * @module
 */

import { listenForAbort } from "../_abort.ts";
import { LogFollower } from "../_channel/log_follower.ts";
import { logNameOf } from "./_log_names.ts";
import type { CheckedRunsOptions } from "./_option_checks.ts";
import type { Registry } from "./_registry.ts";
import { ReplacedRunLog } from "./_replaced_run_log.ts";
import { retryStep } from "./_retry.ts";
import { type EventRunEnd, readEnd } from "./_status_entries.ts";
import type { StatusPoll } from "./_status_poll.ts";

/**
 * Waits for the end of a run.
 *
 * @param id The ID of the run.
 * @param registry Finds the run.
 * @param options The options of the runs.
 * @param statusPoll Finds out that the run is gone.
 * @param signal Ends the wait.
 * @returns How it ended, `undefined` if there is no such run. It rejects with the
 * signal's reason.
 */
export async function waitForEnd(
  id: string,
  registry: Registry,
  { logs, errorReports }: CheckedRunsOptions,
  statusPoll: StatusPoll,
  signal: AbortSignal,
): Promise<EventRunEnd | undefined> {
  const report = (error: unknown): void => errorReports.report(error, id);
  // Following the log of a run that does not exist would make the log.
  const found = await registry.find(id);
  if (found?.status !== "running") return found?.status;
  let follower: LogFollower | undefined;
  let check: Promise<void> | undefined;
  let stopListening = (): void => {};
  let unwatch = (): void => {};
  try {
    return await new Promise((resolve, reject) => {
      // All of the run is gone, and how it ended with it.
      unwatch = statusPoll.watch(id, () => resolve("lost"));
      const onAbort = (): void => reject(signal.reason);
      if (signal.aborted) onAbort();
      stopListening = listenForAbort(signal, onAbort);
      const log = new ReplacedRunLog(
        logs.open(logNameOf(id)),
        () => resolve("replaced"),
        found.end,
      );
      follower = new LogFollower(
        log,
        ({ events }) => {
          const end = events.map(readEnd).find((end) => end !== undefined);
          if (end !== undefined) resolve(end);
          // Where it was found without an entry, it is followed from wherever it is now.
          check ??= retryStep(() => registry.getStatus(id)).then((status) => {
            if (status !== "running") resolve(status ?? "lost");
          }).catch(reject);
        },
        report,
        found.end,
      );
      follower.start();
    });
  } finally {
    stopListening();
    unwatch();
    await Promise.all([check, follower?.stop()]);
  }
}
