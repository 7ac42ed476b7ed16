// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a client of a channel waits for.
 *
 * - `"blocked"`: the sink has no room, or is not read yet. It says when it has.
 * - `"reading"`: the log is being read. The next step comes with its answer.
 * - `"idle"`: there is nothing to give yet.
 * - `"live"`: the same, and the client has been given everything of its own up to the
 *   channel's position: it gets what is handed out next, and if nothing of that is for
 *   it, it is not touched.
 * - `"closed"`: for good.
 */
export type SubscriberState =
  | "blocked"
  | "reading"
  | "idle"
  | "live"
  | "closed";
