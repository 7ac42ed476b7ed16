// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads where a client sent its request, before the proxies on the way changed it.
 * `_own_origin.ts` compares it with the origin of the page.
 *
 * @module
 */

/** Where a client sent a request. */
export interface RequestTarget {
  /** The host, with the port if it has one of its own. */
  host: string;
  /** `http:` or `https:`; `undefined` where the proxies do not tell it. */
  protocol: string | undefined;
}

// RFC 7239: one pair of a token and a value, and what divides it from the next.
const PAIR_REGEXP =
  /[ \t]*([!#$%&'*+\-.^_`|~\w]+)=(?:"((?:[^"\\]|\\.)*)"|([^;,"\s]*))[ \t]*(;|,|$)/y;
const PORT_REGEXP = /:\d+$/;

/**
 * Reads where a client sent a request. Each header may have a value of each proxy on the
 * way. The first is of the outermost one, which the client has reached.
 *
 * @param headers The headers of the request.
 * @param url The URL of the request, as this server has got it.
 * @param trustProxy Whether `Forwarded` and `X-Forwarded-*` count.
 */
export function readTarget(
  headers: Headers,
  url: URL,
  trustProxy: boolean,
): RequestTarget {
  if (!trustProxy) return { host: url.host, protocol: undefined };
  const forwarded = readForwarded(headers.get("forwarded") ?? "");
  const host = forwarded.get("host") ?? firstOf(headers, "x-forwarded-host") ??
    url.host;
  const port = firstOf(headers, "x-forwarded-port");
  const isWhole = port === undefined || forwarded.has("host") ||
    PORT_REGEXP.test(host);
  return {
    host: isWhole ? host : `${host}:${port}`,
    protocol: toProtocol(
      forwarded.get("proto") ?? firstOf(headers, "x-forwarded-proto"),
    ),
  };
}

/** Reads the first element of `Forwarded`, as far as it is well-formed. */
function readForwarded(header: string): Map<string, string> {
  const pairs = new Map<string, string>();
  PAIR_REGEXP.lastIndex = 0;
  for (;;) {
    const match = PAIR_REGEXP.exec(header);
    if (match === null) return pairs;
    const [, name = "", quoted, token = "", end] = match;
    const value = quoted?.replaceAll(/\\(.)/g, "$1") ?? token;
    if (value !== "") pairs.set(name.toLowerCase(), value);
    if (end !== ";") return pairs;
  }
}

function firstOf(headers: Headers, name: string): string | undefined {
  const value = headers.get(name)?.split(",")[0]?.trim();
  return value === "" ? undefined : value;
}

/** Some proxies name the scheme of a WebSocket. */
function toProtocol(scheme: string | undefined): string | undefined {
  return scheme === undefined
    ? undefined
    : `${scheme.toLowerCase().replace("ws", "http")}:`;
}
