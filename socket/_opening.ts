// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a session tells its client first. The session sends it, in an `open` event.
 *
 * @module
 */

import type { SocketSettings } from "./_session_settings.ts";
import type { Opening } from "./_wire_format.ts";

/**
 * Makes the content of the `open` event.
 *
 * @param session The ID of the session.
 * @param protocol The subprotocol that was chosen.
 * @param settings The options, of which the client has to know some.
 * @returns The content.
 */
export function makeOpening(
  session: string,
  protocol: string,
  { sessionTimeout, maxBatchSize, maxBuffered }: SocketSettings,
): Opening {
  const most = Number.MAX_SAFE_INTEGER;
  return {
    session,
    protocol,
    sessionTimeout,
    // JSON has no Infinity.
    maxBatchSize: Math.min(maxBatchSize, most),
    acknowledgeAfter: Math.min(Math.ceil(maxBuffered / 8), most),
  };
}
