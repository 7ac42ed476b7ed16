// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes the head of a response, in the form that `node:http` and `node:http2` can send. It
 * is made before either is called: so what they refuse is found before anything is sent,
 * and in all runtimes alike.
 *
 * @module
 */

import { describeMismatch, quote } from "../_validate.ts";

/** What `writeHead()` takes, and what the body has to keep to. */
export interface Head {
  /** The reason phrase of HTTP/1; `""` stands for the usual one of the status. */
  statusText: string;
  headers: Record<string, string | string[]>;
  /** Bytes of the body, if the headers announce them. */
  length: number | undefined;
  /** Whether a response of this status has a body. */
  hasBody: boolean;
}

/**
 * Headers that say how the body is framed, which `node:http` decides. With a proxied
 * `transfer-encoding: identity`, it would send a body without any framing. A `Response`
 * has no trailers, and `node:http` throws where they are announced beside a length.
 */
const FRAMING_HEADERS = ["trailer", "transfer-encoding"];

/** Headers about a connection of HTTP/1. `node:http2` or its client throws on them. */
const CONNECTION_HEADERS = [
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "upgrade",
];

/** The null body statuses of the Fetch standard, except those below 200. */
const NULL_BODY_STATUSES = [204, 205, 304];
const UNSENDABLE_REGEXP = /[^\t\x20-\x7e\x80-\xff]/;
const VERB = "send response";
const LENGTH_REGEXP = /^\d{1,15}$/;

/**
 * Makes the head of a response.
 *
 * @param response The response.
 * @param httpVersionMajor 2 for HTTP/2.
 * @returns The head.
 * @throws {RangeError} If the status cannot end an exchange.
 * @throws {TypeError} If a header holds what HTTP cannot carry, or if the length is not a
 * number of bytes.
 */
export function makeHead(
  { status, statusText, headers }: Response,
  httpVersionMajor: number,
): Head {
  // `node:http` would send 103 and wait, `node:http2` would make 200 of the status 0.
  const maxStatus = httpVersionMajor >= 2 ? 599 : 999;
  if (!Number.isInteger(status) || status < 200 || status > maxStatus) {
    const expected = `an integer from 200 to ${maxStatus}`;
    throw new RangeError(describeMismatch(VERB, "status", expected, status));
  }
  const record = makeRecord(headers, httpVersionMajor);
  if (status === 204 || status === 205) delete record["content-length"];
  return {
    // In a proxied response it may be any text, in any alphabet.
    statusText: UNSENDABLE_REGEXP.test(statusText) ? "" : statusText,
    headers: record,
    length: readLength(record),
    hasBody: !NULL_BODY_STATUSES.includes(status),
  };
}

function makeRecord(
  headers: Headers,
  httpVersionMajor: number,
): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.fromEntries(headers);
  // Older libraries that bring a `Response` of their own lack it.
  const cookies = headers.getSetCookie?.() ?? [];
  if (cookies.length > 0) record["set-cookie"] = cookies;
  for (const name of FRAMING_HEADERS) delete record[name];
  if (httpVersionMajor >= 2) {
    for (const name of CONNECTION_HEADERS) delete record[name];
  }
  for (const [name, value] of Object.entries(record)) {
    // `Headers` accepts control characters. `node:http` throws on them. `node:http2`
    // sends them, and the client then ends the connection with all its streams.
    if (UNSENDABLE_REGEXP.test(String(value))) {
      throw new TypeError(
        `Cannot ${VERB}: the header ${
          quote(name)
        } holds a character that HTTP cannot carry`,
      );
    }
  }
  return record;
}

function readLength(
  { "content-length": length }: Head["headers"],
): number | undefined {
  if (length === undefined) return undefined;
  if (LENGTH_REGEXP.test(String(length))) return Number(length);
  throw new TypeError(
    describeMismatch(VERB, "content-length", "a number of bytes", length),
  );
}
