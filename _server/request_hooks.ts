// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a stream needs to know of its request, asked in the cheapest way. The bridge to
 * `node:http` makes no `Headers`, signal or stream for a request that is asked for
 * nothing else; to any other request these are the usual questions.
 *
 * @module
 */

import { openStream, type SinkOwner } from "./sink.ts";

/** The method by which a request gives a header without its `Headers`. */
export const GET_HEADER: unique symbol = Symbol("getHeader");

/** The method by which a request tells of the client's departure without its signal. */
export const ON_DEPARTURE: unique symbol = Symbol("onDeparture");

/** The method by which a request makes the response to it without a stream. */
export const RESPOND: unique symbol = Symbol("respond");

/** What a request may have besides what all have. */
export interface RequestHooks {
  /** As `headers.get()`, but for names in lower case only. */
  [GET_HEADER](name: string): string | null;
  /**
   * As listening to `signal`; a client that has left already is told of at once.
   *
   * @returns Ends the listening.
   */
  [ON_DEPARTURE](listener: () => void): () => void;
  /** As {@linkcode respond}. */
  [RESPOND](
    owner: SinkOwner,
    highWaterMark: 0 | 1,
    headers: Headers,
  ): Response;
}

/**
 * Reads a header of a request.
 *
 * @param name The name, in lower case.
 * @returns Its value, `null` if there is none.
 */
export function getHeader(request: Request, name: string): string | null {
  return hasHooks(request)
    ? request[GET_HEADER](name)
    : request.headers.get(name);
}

/**
 * Listens for the departure of a request's client; one that has left already is told
 * of at once.
 *
 * @returns Ends the listening.
 */
export function onDeparture(
  request: Request,
  listener: () => void,
): () => void {
  if (hasHooks(request)) return request[ON_DEPARTURE](listener);
  const { signal } = request;
  if (signal.aborted) listener();
  else signal.addEventListener("abort", listener);
  return () => signal.removeEventListener("abort", listener);
}

/**
 * Makes the response that carries what is written to a sink.
 *
 * @param request The request that is answered.
 * @param owner What writes; it is connected to its sink before this returns.
 * @param highWaterMark As for {@linkcode openStream}.
 * @param headers The headers of the response.
 * @returns The response.
 */
export function respond(
  request: Request,
  owner: SinkOwner,
  highWaterMark: 0 | 1,
  headers: Headers,
): Response {
  return hasHooks(request)
    ? request[RESPOND](owner, highWaterMark, headers)
    : new Response(openStream(owner, highWaterMark), { headers });
}

function hasHooks(request: Request): request is Request & RequestHooks {
  return GET_HEADER in request;
}
