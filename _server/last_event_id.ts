// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the last event ID that a client brings, for `negotiate()`.
 *
 * @module
 */

import { IS_WORKERD } from "../_is_workerd.ts";
import { getHeader } from "./request_hooks.ts";

/**
 * Reads the last event ID that a client brings. An empty one counts as none: the
 * specification says so that there is no ID.
 *
 * @param request The request.
 * @param parameter The name of the query parameter to read where the header is
 * absent, for clients that cannot set headers.
 * @returns The ID, `undefined` if the client brings none.
 */
export function readLastEventId(
  request: Request,
  parameter?: string,
): string | undefined {
  const header = getHeader(request, "last-event-id");
  if (header) {
    // workerd decodes the bytes of headers by itself.
    if (IS_WORKERD) return header;
    // Spec: "(`Last-Event-ID`, lastEventIDValue)" with the value "encoded as
    // UTF-8"; `Headers` shows its bytes as characters, one for one.
    const bytes = Uint8Array.from(header, (byte) => byte.charCodeAt(0));
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }
  if (parameter === undefined) return undefined;
  return new URL(request.url).searchParams.get(parameter) || undefined;
}
