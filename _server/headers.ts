// Copyright 2026 the Tidings authors. MIT license.

/**
 * The headers that every response to a request for an event stream carries, whether it
 * carries a stream or not. `negotiate()` makes them once for each request.
 *
 * @module
 */

import { addCorsHeaders } from "./cors.ts";
import type { EventResponseOptions } from "./options.ts";
import type { EventCompression } from "./compression.ts";
import { quote } from "../_validate.ts";

/** What the headers of a response depend on, besides the request. */
export interface HeadersOptions
  extends Pick<EventResponseOptions, "headers" | "cors" | "allowTransform"> {
  /** How streams are compressed for clients that ask for it. */
  compression?: EventCompression | undefined;
}

// The first five belong to one connection of HTTP/1.1 and are forbidden in HTTP/2. A
// stream has no length, and its type is given.
const REFUSED_HEADERS = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "content-length",
  "content-type",
];
const REFUSED_IF_COMPRESSED = [...REFUSED_HEADERS, "content-encoding"];

const NO_TRANSFORM = "no-transform";
const CACHE_CONTROL = "no-store";
/** A quoted argument of a directive of `Cache-Control`, in which commas divide nothing. */
const QUOTED_REGEXP = /"(?:\\.|[^"\\])*"/g;

/**
 * Makes the headers that every response carries: the user's own, `cache-control:
 * no-store` if the user says nothing else (405 and 204 may be cached too), with
 * `no-transform` beside either, and those of CORS.
 *
 * @param request The request.
 * @param options What the headers depend on.
 * @returns New headers.
 * @throws {TypeError} If a header of the user is one that the stream or the
 * connection decides, if an origin is not written as one, or if credentials are
 * allowed to every origin.
 * @throws {RangeError} If `cors.maxAge` is not an integer of at least 0.
 */
export function makeCommonHeaders(
  request: Request,
  { headers: ownHeaders, cors, compression, allowTransform = false }:
    HeadersOptions,
): Headers {
  const headers = new Headers(ownHeaders);
  // Without headers of the application, nothing is looked up: measured in Node, the look-ups
  // take three quarters of the time of this function.
  if (ownHeaders !== undefined) assertOwnHeaders(headers, compression);
  const own = ownHeaders === undefined ? null : headers.get("cache-control");
  const value = own ?? CACHE_CONTROL;
  // `append()` would send a second `cache-control` line beside one of the application.
  headers.set("cache-control", allowTransform ? value : forbidTransform(value));
  if (cors !== undefined) addCorsHeaders(headers, request, cors);
  return headers;
}

/** Tells whether no option changes what {@linkcode makePlainHeaders} makes. */
export function hasPlainHeaders(
  { headers, cors, compression, allowTransform = false }: HeadersOptions,
): boolean {
  return headers === undefined && cors === undefined &&
    compression === undefined && !allowTransform;
}

/** Makes the headers that {@linkcode makeCommonHeaders} makes without options. */
export function makePlainHeaders(): Headers {
  return new Headers({ "cache-control": `${CACHE_CONTROL}, ${NO_TRANSFORM}` });
}

function assertOwnHeaders(
  headers: Headers,
  compression: EventCompression | undefined,
): void {
  const refused = compression === undefined
    ? REFUSED_HEADERS
    : REFUSED_IF_COMPRESSED;
  for (const name of refused) {
    if (!headers.has(name)) continue;
    throw new TypeError(
      `Cannot serve events: "headers" has ${
        quote(name)
      }, which only the server may set`,
    );
  }
}

/**
 * Forbids everything between the server and the client to change the response. Otherwise
 * a middleware or a proxy may compress it, and hold each event back until it has more.
 *
 * @param value The value of `cache-control`.
 */
function forbidTransform(value: string): string {
  if (value === "") return NO_TRANSFORM;
  const directives = value.toLowerCase().replace(QUOTED_REGEXP, "").split(",");
  return directives.some((directive) => directive.trim() === NO_TRANSFORM)
    ? value
    : `${value}, ${NO_TRANSFORM}`;
}
