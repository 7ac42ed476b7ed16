// Copyright 2026 the Tidings authors. MIT license.

/**
 * The event `close` of a socket, for runtimes with and without `CloseEvent`.
 *
 * @module
 */

import { PlatformEvent } from "../_platform_class.ts";
import type { CloseFacts } from "./_close_reason.ts";

/** A `CloseEvent` for runtimes that have none, such as Node.js 20. */
class PlainCloseEvent extends PlatformEvent {
  readonly wasClean: boolean;
  readonly code: number;
  readonly reason: string;

  constructor({ wasClean, code, reason }: CloseFacts) {
    super("close");
    this.wasClean = wasClean;
    this.code = code;
    this.reason = reason;
  }
}

/** Makes the event that ends a socket. */
export function createCloseEvent(facts: CloseFacts): CloseEvent {
  return typeof CloseEvent === "function"
    ? new CloseEvent("close", facts)
    : new PlainCloseEvent(facts);
}
