// Copyright 2026 the Tidings authors. MIT license.

/**
 * How `checkEvents()` takes an event that has come already from an iterator of this
 * package, without a promise of its own.
 *
 * @module
 */

import type { ServerSentEvent } from "../event.ts";

/**
 * The method that takes an event: text and no symbol, since bundles of the client, of the
 * parser and of `checkEvents()` may each have this module.
 */
export const TAKE_EVENT = "@tidings/sse take";

/** An iterator whose events may have come before they are asked for. */
export interface EventTaker {
  /**
   * Takes what `next()` would give at once: `undefined` if it would have to wait, or if
   * there is nothing more.
   */
  [TAKE_EVENT](): ServerSentEvent | undefined;
}
