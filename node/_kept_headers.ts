// Copyright 2026 the Tidings authors. MIT license.

/**
 * Keeps what a middleware has set on a response of Node, such as the cookie of a session,
 * beside the headers of the `Response` that is sent. `sendResponse()` calls it.
 *
 * @module
 */

import type { NodeResponse } from "./_node_types.ts";

/** What the responses of all versions have, and others may lack. */
interface NamedHeaders {
  getHeaderNames?(): string[];
}

/** Lists of names: each stands once in the list that is sent. */
const NAME_LISTS = ["access-control-expose-headers", "vary"];

/** Other lists, in which the values of the middleware and of the handler both stand. */
const LISTS = ["link", "server-timing"];

/**
 * Adds the values that a middleware has set to headers that are to be sent: cookies, and
 * headers that are lists. Of any other header that both set, ours is sent. A length that
 * the middleware has set is that of another body, and is removed.
 *
 * @param headers The headers that are to be sent.
 * @param outgoing The response, whose head is not sent yet.
 * @returns Puts back the values of the middleware, if the headers cannot be sent.
 */
export function keepHeaders(
  headers: Record<string, string | string[]>,
  outgoing: NodeResponse,
): () => void {
  // None of them is set on most responses.
  const names = (outgoing as NamedHeaders).getHeaderNames?.();
  if (names?.length === 0) return () => removeHeaders(headers, outgoing);
  const before = Object.keys(headers).map((name) =>
    [name, outgoing.getHeader(name)] as const
  );
  for (const [name, value] of before) {
    if (value !== undefined) {
      headers[name] = combine(name, toList(value), toList(headers[name]!));
    }
  }
  if (headers["content-length"] === undefined) {
    outgoing.removeHeader("content-length");
  }
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) outgoing.removeHeader(name);
      else outgoing.setHeader(name, value);
    }
  };
}

/** Removes what Node has set of headers that it has not sent. */
function removeHeaders(
  headers: Record<string, string | string[]>,
  outgoing: NodeResponse,
): void {
  for (const name of Object.keys(headers)) outgoing.removeHeader(name);
}

/** Gives the value to send of a header that both the middleware and the handler set. */
function combine(
  name: string,
  kept: string[],
  own: string[],
): string | string[] {
  if (name === "set-cookie") return [...new Set([...kept, ...own])];
  if (NAME_LISTS.includes(name)) return joinNames([...kept, ...own]);
  return (LISTS.includes(name) ? [...new Set([...kept, ...own])] : own)
    .join(", ");
}

function toList(value: number | string | readonly string[]): string[] {
  return typeof value === "object" ? [...value] : [String(value)];
}

/** Joins lists of names, which do not depend on the case. */
function joinNames(lists: string[]): string {
  const names = new Map<string, string>();
  for (const name of lists.join(",").split(",").map((part) => part.trim())) {
    const key = name.toLowerCase();
    if (name !== "" && !names.has(key)) names.set(key, name);
  }
  return [...names.values()].join(", ");
}
