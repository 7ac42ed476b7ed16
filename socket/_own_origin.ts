// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells whether the page that sends a request is one of the site that the request goes to.
 * `serveSocket()` asks it about each request.
 *
 * @module
 */

import { readTarget } from "./_request_target.ts";
import { ORIGIN_HEADER } from "./_wire_format.ts";

/** What decides which pages are the site's own. */
export interface OwnOriginOptions {
  /** Origins that are the site's own, besides the one of the request. */
  origins?: readonly string[] | undefined;
  /** Whether the proxies in front tell where the request went. */
  trustProxy?: boolean | undefined;
}

/**
 * Finds the origin of another site that a request comes from.
 *
 * @param request The request.
 * @param options What decides which pages are the site's own.
 * @returns The origin as the request tells it; `undefined` for the site's own pages, and
 * for clients that are no browsers.
 */
export function findForeignOrigin(
  { headers, url }: Request,
  { origins = [], trustProxy = false }: OwnOriginOptions,
): string | undefined {
  // The browser compares what the page sees, which no proxy changes. A page cannot set it.
  const site = headers.get("sec-fetch-site");
  if (site === "same-origin") return undefined;
  // A browser sends no `Origin` with a GET of the site's own pages. The client tells it
  // then, so that the GET is refused where the POST would be.
  const origin = headers.get("origin") ?? headers.get(ORIGIN_HEADER);
  if (origin === null) {
    return site === null || site === "none" ? undefined : "null";
  }
  const page = parseOrigin(origin);
  if (page === undefined) return origin;
  if (origins.includes(page.origin)) return undefined;
  const { host, protocol } = readTarget(headers, new URL(url), trustProxy);
  const isOwn = isSameHost(page, host) &&
    (protocol === undefined || protocol === page.protocol);
  return isOwn ? undefined : origin;
}

/** Parses an origin of a web page; `undefined` for `null` and all other text. */
function parseOrigin(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isOrigin = /^https?:$/.test(url.protocol) &&
    url.href === `${url.origin}/`;
  return isOrigin ? url : undefined;
}

/**
 * Compares hosts. The port of the host may be that of a scheme, written out: a proxy that
 * ends TLS may send either to the server.
 */
function isSameHost(page: URL, host: string): boolean {
  return ["http:", "https:"].some((scheme) => {
    const target = `${scheme}//${host}`;
    return URL.canParse(target) && new URL(target).host === page.host;
  });
}
