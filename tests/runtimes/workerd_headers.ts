// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tests of requests that come to workerd over a socket, not through the tunnel. The worker
 * answers them itself.
 */

import { assertEquals } from "@std/assert";
import { connect } from "../../client.ts";
import { ID_ROWS } from "../support/ids.ts";

for (const { name, id, isReturnable } of ID_ROWS) {
  if (!isReturnable) continue;
  Deno.test(`serveEvents() in workerd reads the last event ID of a request that connect() sends: ${name}`, async () => {
    const origin = Deno.env.get("ORIGIN");
    await using events = connect(`${origin}/`, { lastEventId: id });
    const { value } = await events.next();
    assertEquals(JSON.parse(value?.data ?? "null"), id);
  });
}
