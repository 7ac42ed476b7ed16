// Copyright 2026 the Tidings authors. MIT license.

/**
 * The headers of CORS: which pages of other origins may read a response. All responses
 * get theirs by way of `negotiate()`.
 *
 * @module
 */

import { getHeader } from "./request_hooks.ts";
import { assertInteger, describeMismatch } from "../_validate.ts";

/** Which pages of other origins may read the stream. */
export interface CorsOptions {
  /**
   * The origins that may: `"*"` for all of them, a list such as
   * `["https://app.example"]`, or a function that is asked with the `Origin` of
   * each request. An origin is written as a browser sends it: scheme, host in
   * lower case, a port only if it is not the scheme's own, and no slash at the end.
   *
   * @default {"*"}
   */
  origins?:
    | "*"
    | readonly string[]
    | ((origin: string) => boolean)
    | undefined;
  /**
   * Whether a page may send cookies and the like, as a browser's `EventSource`
   * does with `withCredentials: true`. Not allowed with `origins: "*"`: every
   * site could then read what the user may read.
   *
   * @default {false}
   */
  credentials?: boolean | undefined;
  /**
   * Seconds for which a browser may remember the answer to a preflight: an
   * integer, at least 0. Left out, the browser chooses (most take 5 seconds).
   */
  maxAge?: number | undefined;
}

/**
 * Adds the headers that let a page of another origin read the response.
 *
 * @param headers The headers to add to.
 * @param request The request; its `Origin` is compared.
 * @param options Which pages may read.
 * @throws {TypeError} If an origin is not written as one, or if credentials are
 * allowed to every origin.
 * @throws {RangeError} If `maxAge` is not an integer of at least 0.
 */
export function addCorsHeaders(
  headers: Headers,
  request: Request,
  options: CorsOptions,
): void {
  assertCors(options);
  const { origins = "*", credentials = false } = options;
  if (origins === "*") {
    headers.set("access-control-allow-origin", "*");
    return;
  }
  // Also where the origin is absent or not allowed: a cache would otherwise give that
  // response to a page that may read it.
  headers.append("vary", "Origin");
  const origin = getHeader(request, "origin");
  if (origin === null) return;
  const isAllowed = typeof origins === "function"
    ? origins(origin)
    : origins.includes(origin);
  if (!isAllowed) return;
  headers.set("access-control-allow-origin", origin);
  if (credentials) headers.set("access-control-allow-credentials", "true");
}

/**
 * Adds what a preflight asks for, besides {@linkcode addCorsHeaders}; nothing if the
 * request is no preflight or its origin is not allowed.
 *
 * @param headers The headers to add to; they have `allow` already.
 * @param request The request, of method OPTIONS.
 * @param options Which pages may read.
 */
export function addPreflightHeaders(
  headers: Headers,
  request: Request,
  options: CorsOptions,
): void {
  const allowed = headers.get("allow");
  if (
    allowed === null || !headers.has("access-control-allow-origin") ||
    !request.headers.has("access-control-request-method")
  ) return;
  headers.set("access-control-allow-methods", allowed);
  // `fetch` asks for `last-event-id`, and for all other headers that its caller sets.
  // "*" would not cover `authorization`, and nothing at all where credentials are sent.
  const names = request.headers.get("access-control-request-headers");
  if (names !== null) headers.set("access-control-allow-headers", names);
  if (options.maxAge !== undefined) {
    headers.set("access-control-max-age", `${options.maxAge}`);
  }
}

function assertCors({ origins = "*", credentials, maxAge }: CorsOptions): void {
  const verb = "serve events";
  if (typeof origins === "string" && origins !== "*") {
    const expected = '"*", a list or a function';
    throw new TypeError(
      describeMismatch(verb, "cors.origins", expected, origins),
    );
  }
  if (origins === "*" && credentials) {
    const expected = 'a list or a function where "cors.credentials" is true';
    throw new TypeError(
      describeMismatch(verb, "cors.origins", expected, origins),
    );
  }
  if (Array.isArray(origins)) assertOrigins(verb, "cors.origins", origins);
  if (maxAge !== undefined) assertInteger(verb, "cors.maxAge", maxAge, 0);
}

/**
 * Checks a list of origins.
 *
 * @param verb What fails otherwise.
 * @param name The name of the option.
 * @param list The origins.
 * @throws {TypeError} If one is not written as an origin.
 */
export function assertOrigins(
  verb: string,
  name: string,
  list: readonly string[],
): void {
  for (const [index, origin] of list.entries()) {
    if (isOrigin(origin)) continue;
    const expected = 'an origin such as "https://app.example"';
    throw new TypeError(
      describeMismatch(verb, `${name}[${index}]`, expected, origin),
    );
  }
}

/** Tells whether a browser would write an origin so: no other text could match one. */
function isOrigin(text: string): boolean {
  // `URL` takes a star as a part of the host name.
  if (!URL.canParse(text) || text.includes("*")) return false;
  const { origin, href } = new URL(text);
  // `URL` gives "null" for schemes that it does not know, such as an extension's.
  return origin === "null" ? href === text : origin === text;
}
