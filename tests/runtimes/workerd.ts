// Copyright 2026 the Tidings authors. MIT license.

/** Runs the tests in workerd, and answers a request with the report. */

import { runTests } from "./deno_stand_in.ts";
import { WORKERD_EXCEPTIONS } from "./exceptions.ts";
import { openTunnel } from "./tunnel.ts";
import "./event_source.ts";
import "./portable.ts";
import "./servers.ts";
import "./workerd_headers.ts";
import { serveEvents } from "../../server.ts";

export default {
  async fetch(request: Request): Promise<Response> {
    const { origin, searchParams } = new URL(request.url);
    const tunnel = searchParams.get("tunnel");
    // A request of a test's.
    if (tunnel === null) return echoLastEventId(request);
    await openTunnel(tunnel);
    const environment = { ...Object.fromEntries(searchParams), ORIGIN: origin };
    return Response.json(
      await runTests({ environment, exceptions: WORKERD_EXCEPTIONS }),
    );
  },
};

/** Answers with the last event ID as the data of an event. */
function echoLastEventId(request: Request): Response {
  return serveEvents(request, ({ lastEventId }) => [{ json: lastEventId }]);
}
