// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks the request that a server is handed, so that another framework's object fails with
 * an error that says what to do. `negotiate()` and `serveSocket()` call it first.
 *
 * @module
 */

import { quote } from "../_validate.ts";
import { hasHooks } from "./request_hooks.ts";

/**
 * Checks that a value is a request as `fetch` handlers get it, of whatever realm or library.
 *
 * @param verb What fails otherwise.
 * @param request The value.
 * @throws {TypeError} If it is something else.
 */
export function assertRequest(verb: string, request: unknown): void {
  const object = Object(request);
  // Its headers are made once they are read.
  if (hasHooks(object)) return;
  const { headers, url, method, rawHeaders } = object;
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
