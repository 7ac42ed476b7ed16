// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks the request that a server is handed, so that another framework's object fails with
 * an error that says what to do. Servers, channels, runs and sockets call it first.
 *
 * @module
 */

import { hasHooks } from "./request_hooks.ts";
import { quote } from "../_validate.ts";

/**
 * Checks that a value is a request as `fetch` handlers get it, of whatever realm or library.
 *
 * @param verb What fails otherwise.
 * @param request The value.
 * @throws {TypeError} If it is something else.
 */
export function assertRequest(verb: string, request: unknown): void {
  // Its headers would be made, which it exists to avoid.
  if (hasHooks(request)) return;
  const { headers, url, method, rawHeaders } = Object(request);
  if (
    typeof Object(headers).get === "function" && typeof url === "string" &&
    typeof method === "string"
  ) return;
  const got = rawHeaders === undefined
    ? quote(request)
    : 'a request of node:http, for which "toNodeHandler" makes one';
  throw new TypeError(
    `Cannot ${verb}: expected "request" to be a Request, got ${got}`,
  );
}
