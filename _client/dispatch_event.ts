// Copyright 2026 the Tidings authors. MIT license.

import { reportException } from "./report_exception.ts";

/** Dispatches an event. What a listener throws is reported, and never thrown here. */
export function dispatchEvent(target: EventTarget, event: Event): void {
  try {
    EventTarget.prototype.dispatchEvent.call(target, event);
  } catch (error) {
    // Only workerd throws it: elsewhere the platform has reported it itself.
    reportException(error);
  }
}
