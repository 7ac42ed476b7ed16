// Copyright 2026 the Tidings authors. MIT license.

import type { CloseFacts } from "./_transport.ts";

/** Stands in for `CloseEvent` where the runtime has none, as Node.js 20. */
class PlainCloseEvent extends Event {
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
