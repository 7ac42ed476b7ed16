// Copyright 2026 the Tidings authors. MIT license.

/**
 * Takes the cursor of the end of a channel's log. `EventChannel.cursor()` calls it.
 *
 * @module
 */

import type { EventLog } from "../log.ts";

/**
 * Takes the cursor of the end of a log. It asks the log, and not what the channel has
 * followed so far: events that are published already would come once more to each page.
 *
 * @param log The log of the channel.
 * @param isClosed Whether the channel is closed.
 */
export async function takeCursor(
  log: EventLog,
  isClosed: boolean,
): Promise<string> {
  if (isClosed) throw new Error("Cannot take cursor: the channel is closed");
  return await log.rewind(0);
}
