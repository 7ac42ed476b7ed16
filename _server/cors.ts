// Copyright 2026 the Tidings authors. MIT license.

/**
 * Who may read the answers from a page of another origin.
 *
 * @module
 */

import { getHeader } from "./request_hooks.ts";

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
   * site could then read what the user may.
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
 * Adds the headers that let a page of another origin read the answer.
 *
 * @param headers The headers to add to.
 * @param request The request, whose `Origin` is compared.
 * @param options Who may read.
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
  // Also where the origin is absent or not allowed: that answer is not for all.
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
 * @param headers The headers to add to; `allow` is there already.
 * @param request The request, of method OPTIONS.
 * @param options Who may read.
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
  // `fetch` asks for `last-event-id`, and for whatever else its caller sets. "*"
  // would not cover `authorization`, nor anything once credentials are sent.
  const names = request.headers.get("access-control-request-headers");
  if (names !== null) headers.set("access-control-allow-headers", names);
  if (options.maxAge !== undefined) {
    headers.set("access-control-max-age", `${options.maxAge}`);
  }
}

function assertCors({ origins = "*", credentials, maxAge }: CorsOptions): void {
  if (origins === "*" && credentials) {
    throw new TypeError(
      'Cannot serve events: "cors.credentials" is true for every origin, a list of "cors.origins" is wanted',
    );
  }
  if (typeof origins === "string" && origins !== "*") {
    throw new TypeError(
      `Cannot serve events: "cors.origins" is ${
        quote(origins)
      }, "*", a list or a function is wanted`,
    );
  }
  for (const origin of Array.isArray(origins) ? origins : []) {
    if (!isOrigin(origin)) {
      throw new TypeError(
        `Cannot serve events: "cors.origins" has ${
          quote(origin)
        }, an origin such as "https://app.example" is wanted`,
      );
    }
  }
  if (maxAge !== undefined && !(Number.isSafeInteger(maxAge) && maxAge >= 0)) {
    throw new RangeError(
      `Cannot serve events: "cors.maxAge" is ${maxAge}, an integer of at least 0 is wanted`,
    );
  }
}

/** Whether a browser would write it so: anything else could never match. */
function isOrigin(text: string): boolean {
  // URL takes a star for a part of the host name.
  if (!URL.canParse(text) || text.includes("*")) return false;
  const { origin, href } = new URL(text);
  // "null" is what URL says of schemes it does not know, an extension's for one.
  return origin === "null" ? href === text : origin === text;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
