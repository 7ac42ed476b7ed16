// Copyright 2026 the Tidings authors. MIT license.

/**
 * The head of a `Response`, as `node:http` and `node:http2` can send it. The bridge
 * makes it before it calls either, so that what they refuse is found before anything
 * is sent, and alike in all runtimes.
 */

import { quote } from "../_validate.ts";

/** What `writeHead()` takes, and what the body has to keep to. */
export interface Head {
  /** Of HTTP/1 alone; `""` stands for the usual text of the status. */
  statusText: string;
  headers: Record<string, string | string[]>;
  /** Bytes of the body, if the headers say it. */
  length: number | undefined;
  /** Whether a response of this status has a body. */
  hasBody: boolean;
}

/**
 * Headers that say how the body is framed, which `node:http` decides: an upstream's
 * `transfer-encoding: identity` would be sent without any framing. A `Response` has no
 * trailers, and `node:http` throws where they are announced beside a length.
 */
const FRAMING_HEADERS = ["trailer", "transfer-encoding"];

/** Headers about a connection of HTTP/1, on which `node:http2` throws, or the client. */
const CONNECTION_HEADERS = [
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "upgrade",
];

/** Fetch: a null body status, as far as a response can have one. */
const NULL_BODY_STATUSES = [204, 205, 304];
const UNSENDABLE_REGEXP = /[^\t\x20-\x7e\x80-\xff]/;
const LENGTH_REGEXP = /^\d{1,15}$/;

/**
 * Makes the head of a response.
 *
 * @param httpVersionMajor 2 for HTTP/2.
 * @throws {RangeError} If the status is not one that ends an exchange.
 * @throws {TypeError} If a header holds what HTTP cannot carry, or a length that is
 * none.
 */
export function makeHead(
  { status, statusText, headers }: Response,
  httpVersionMajor: number,
): Head {
  // `node:http` would send 103 and wait, `node:http2` would make 200 of the status 0.
  const maxStatus = httpVersionMajor >= 2 ? 599 : 999;
  if (!Number.isInteger(status) || status < 200 || status > maxStatus) {
    throw new RangeError(
      `Cannot send response: status is ${status}, expected an integer from 200 to ${maxStatus}`,
    );
  }
  const record = recordOf(headers, httpVersionMajor);
  if (status === 204 || status === 205) delete record["content-length"];
  return {
    // `fetch` takes any text from an upstream, in any alphabet.
    statusText: UNSENDABLE_REGEXP.test(statusText) ? "" : statusText,
    headers: record,
    length: readLength(record),
    hasBody: !NULL_BODY_STATUSES.includes(status),
  };
}

function recordOf(
  headers: Headers,
  httpVersionMajor: number,
): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.fromEntries(headers);
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) record["set-cookie"] = cookies;
  for (const name of FRAMING_HEADERS) delete record[name];
  if (httpVersionMajor >= 2) {
    for (const name of CONNECTION_HEADERS) delete record[name];
  }
  for (const [name, value] of Object.entries(record)) {
    // `Headers` takes control characters. `node:http` throws; `node:http2` sends
    // them, on which the client ends the connection with all its streams.
    if (UNSENDABLE_REGEXP.test(String(value))) {
      throw new TypeError(
        `Cannot send response: header ${
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
    `Cannot send response: "content-length" is ${
      quote(String(length))
    }, expected a number of bytes`,
  );
}
