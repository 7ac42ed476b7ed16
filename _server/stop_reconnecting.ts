// Copyright 2026 the Tidings authors. MIT license.

/**
 * The response that tells a client not to reconnect. Applications return it in place of
 * a response of `serveEvents`.
 *
 * @module
 */

import { makeCommonHeaders } from "./headers.ts";
import { answerOptions } from "./negotiate.ts";
import { readStopReconnectingOptions } from "./option_checks.ts";
import type { StopReconnectingOptions } from "./options.ts";
import { answerEmpty } from "./refuse.ts";
import { assertRequest } from "./request_check.ts";

/**
 * Answers a request with 204, which tells the client not to reconnect. After the end of
 * a response it would. A preflight is answered too.
 *
 * @example A feed that is over
 * ```ts
 * import { serveEvents, stopReconnecting } from "@tidings/sse/server";
 * import { assertEquals } from "@std/assert";
 *
 * function handler(request: Request): Response {
 *   if (request.headers.get("last-event-id") === "2") {
 *     return stopReconnecting(request);
 *   }
 *   return serveEvents(request, [{ data: "the end", id: 2 }]);
 * }
 *
 * const first = handler(new Request("http://localhost/"));
 * assertEquals(await first.text(), "data: the end\nid: 2\n\n");
 *
 * const headers = { "last-event-id": "2" };
 * const second = handler(new Request("http://localhost/", { headers }));
 * assertEquals(second.status, 204);
 * ```
 *
 * @param request The request to answer.
 * @param options What to add to the answer.
 * @returns The response.
 * @throws {TypeError} As {@linkcode serveEvents} does for the same request and options.
 * @throws {RangeError} As {@linkcode serveEvents} does for the same options.
 */
export function stopReconnecting(
  request: Request,
  options: StopReconnectingOptions = {},
): Response {
  assertRequest("stop reconnecting", request);
  const given = readStopReconnectingOptions(options);
  if (request.method === "OPTIONS") return answerOptions(request, given);
  return answerEmpty(makeCommonHeaders(request, given));
}
