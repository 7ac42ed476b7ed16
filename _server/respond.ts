// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes the response that carries a stream, in the cheapest way that its request allows.
 * Sessions and channels call it.
 *
 * @module
 */

import { makeStreamHeaders } from "./negotiate.ts";
import type { Negotiation } from "./negotiation.ts";
import { hasHooks, HOOKS } from "./request_hooks.ts";
import { openStream, type SinkOwner } from "./sink.ts";

/**
 * Makes the response that carries what an owner writes to its sink.
 *
 * @param request The request that is answered.
 * @param owner The owner, which is connected to its sink before this returns.
 * @param highWaterMark As for {@linkcode openStream}.
 * @param negotiation What was negotiated about the request.
 * @returns The response.
 */
export function respond(
  request: Request,
  owner: SinkOwner,
  highWaterMark: 0 | 1,
  negotiation: Negotiation,
): Response {
  if (hasHooks(request)) {
    return request[HOOKS].respond(
      owner,
      highWaterMark,
      negotiation,
      makeStreamHeaders,
    );
  }
  const headers = makeStreamHeaders(negotiation);
  return new Response(openStream(owner, highWaterMark), { headers });
}
