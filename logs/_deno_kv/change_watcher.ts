// Copyright 2026 the Tidings authors. MIT license.

/**
 * Waits for a change of a log in Deno KV, or for the poll interval.
 *
 * @module
 */

import { WakeWatcher } from "../_engine/wake_watcher.ts";

/**
 * Watches a key.
 *
 * @param changes Gives a chunk for each change.
 * @param pollInterval The most milliseconds of a wait, or `Infinity`.
 */
export function watchChanges(
  changes: ReadableStream<unknown>,
  pollInterval: number,
): WakeWatcher {
  const reader = changes.getReader();
  const watcher: WakeWatcher = new WakeWatcher(async () => {
    // A stream that has failed rejects here; its error is reported elsewhere.
    await reader.cancel().catch(() => {});
    await run;
  }, { pollInterval });
  const run = report(reader, watcher);
  return watcher;
}

/** Reports each change, until the store reports no more. */
async function report(
  reader: ReadableStreamDefaultReader<unknown>,
  watcher: WakeWatcher,
): Promise<void> {
  try {
    while (!(await reader.read()).done) watcher.wake();
    throw new Error("Cannot follow event log: the store is closed");
  } catch (error) {
    watcher.fail(error);
  }
}
