// Copyright 2026 the Tidings authors. MIT license.

/** Runs the tests in workerd, and answers a request with the report. */

import { runTests } from "./deno_stand_in.ts";
import { WORKERD_EXCEPTIONS } from "./exceptions.ts";
import { openTunnel } from "./tunnel.ts";
import "./event_source.ts";
import "./portable.ts";
import "./servers.ts";

export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    // Cannot fail: scripts/_run_workerd.ts sets it.
    await openTunnel(searchParams.get("tunnel")!);
    const environment = Object.fromEntries(searchParams);
    return Response.json(
      await runTests({ environment, exceptions: WORKERD_EXCEPTIONS }),
    );
  },
};
