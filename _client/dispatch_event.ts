// Copyright 2026 the Tidings authors. MIT license.

/**
 * Dispatches events for `EventSource` and for sockets.
 *
 * @module
 */

import { reportException } from "./report_exception.ts";

/** Dispatches an event. What a listener throws is reported, and not thrown. */
export function dispatchEvent(target: EventTarget, event: Event): void {
  try {
    EventTarget.prototype.dispatchEvent.call(target, event);
  } catch (error) {
    // Only workerd throws what a listener threw; other platforms have reported it.
    reportException(error);
  }
}
