// Copyright 2026 the Tidings authors. MIT license.

/**
 * Inside a Hono application. A handler gets a `Request` and gives a `Response`,
 * so there is nothing to adapt; it is the same in every framework of that kind.
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

// Anybody may write: take the hostname away once requests are authenticated.
Deno.serve({ hostname: "127.0.0.1" }, app.fetch);
