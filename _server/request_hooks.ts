// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads a request in the cheapest way: by hooks that the requests of the bridge to
 * `node:http` have, so that no `Headers`, signal or stream is made for them, and by the
 * usual members where a request has no hooks.
 *
 * @module
 */

import { listenForAbort } from "../_abort.ts";
import { IS_DENO } from "../_is_deno.ts";
import type { Negotiation } from "./negotiation.ts";
import type { SinkOwner } from "./sink.ts";

/** The member under which a request has its hooks. */
export const HOOKS: unique symbol = Symbol("hooks");

/** What is told that a client has left. */
export interface DepartureListener {
  /** Called once at most. */
  handleDeparture(): void;
}

/** What a request gives without its `Headers`, its signal and a stream. */
export interface RequestHooks {
  /** As `headers.get()`, but for names in lower case only. */
  getHeader(name: string): string | null;
  /**
   * As a listener for `signal`; told at once if the client has left already. There is no
   * way to remove it: it is kept until the response ends, so it should hold nothing then.
   */
  onDeparture(listener: DepartureListener): void;
  /**
   * As {@linkcode whenAnswered}. A handler that has not answered when it returns counts as
   * one that has.
   */
  whenAnswered(listener: () => void): void;
  /**
   * As `respond()`.
   *
   * @param makeHeaders Makes the headers of the response out of the negotiation. Called
   * once at most.
   */
  respond(
    owner: SinkOwner,
    highWaterMark: 0 | 1,
    negotiation: Negotiation,
    makeHeaders: (negotiation: Negotiation) => Headers,
  ): Response;
}

/** A request with hooks. */
export interface RequestWithHooks {
  readonly [HOOKS]: RequestHooks;
}

/**
 * Reads a header of a request.
 *
 * @param name The name, in lower case.
 * @returns Its value, `null` if there is none.
 */
export function getHeader(request: Request, name: string): string | null {
  return hasHooks(request)
    ? request[HOOKS].getHeader(name)
    : request.headers.get(name);
}

/**
 * Tells a listener when a request's client leaves, and at once if it has left already. Of
 * a request of `Deno.serve`, only the body tells that.
 *
 * @param listener Told, perhaps also after it was removed. It should hold nothing then.
 * @returns Removes the listener; `undefined` if that is not possible, or not needed.
 */
export function onDeparture(
  request: Request,
  listener: DepartureListener,
): (() => void) | undefined {
  if (hasHooks(request)) {
    request[HOOKS].onDeparture(listener);
  } else if (hasSignal(request)) {
    const { signal } = request;
    if (!signal.aborted) {
      return listenForAbort(signal, () => listener.handleDeparture());
    }
    listener.handleDeparture();
  }
  return undefined;
}

/**
 * Calls a listener when a response may be left unread: after the handler has answered, if
 * the request tells that, and at once otherwise. Most responses are read by then.
 */
export function whenAnswered(request: Request, listener: () => void): void {
  if (hasHooks(request)) request[HOOKS].whenAnswered(listener);
  else listener();
}

/** Whether a value is a request with hooks. */
export function hasHooks(
  request: unknown,
): request is Request & RequestWithHooks {
  return HOOKS in Object(request);
}

/**
 * Whether the signal of a request exists before it is read. `Deno.serve` makes it when it
 * is read first: then Deno prints a warning, and aborts it after good responses as well.
 */
function hasSignal(request: Request): boolean {
  if (!IS_DENO) return true;
  const members = request as unknown as Record<symbol, unknown>;
  return Object.getOwnPropertySymbols(request).some((symbol) =>
    members[symbol] instanceof AbortSignal
  );
}
