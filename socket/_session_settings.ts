// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the options of `serveSocket()` set for one session.
 *
 * @module
 */

import type { PostLimits } from "./_post_reader.ts";

/** The options of a session, checked and with the defaults filled in. */
export interface SocketSettings extends PostLimits {
  keepAlive: number;
  maxBuffered: number;
  signal: AbortSignal | undefined;
}
