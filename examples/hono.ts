// Copyright 2026 the Tidings authors. MIT license.

/**
 * A channel in a Hono application. A handler gets a `Request` and returns a `Response`,
 * so no adapter is needed. Other frameworks with such handlers work the same way.
 *
 * ```sh
 * deno run -N examples/hono.ts
 * ```
 */

import { EventChannel } from "@tidings/sse/channel";
// deno-lint-ignore no-import-prefix -- the package itself must not depend on it.
import { Hono } from "npm:hono@4.13.19";

const channel = new EventChannel();
const app = new Hono();

app.get("/events", (context) => channel.serve(context.req.raw));

app.post("/events", async (context) => {
  const id = await channel.publish({ data: await context.req.text() });
  return context.json({ id }, 201);
});

// Anyone who reaches this server may write. Remove `hostname` when it authenticates.
Deno.serve({ hostname: "127.0.0.1" }, app.fetch);
