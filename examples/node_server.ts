// Copyright 2026 the Tidings authors. MIT license.

/**
 * On a server of `node:http`. `node:https` and `node:http2` are the same.
 *
 * ```sh
 * deno run -N -E=PORT examples/node_server.ts
 * ```
 *
 * There are no type annotations: under the name `node_server.mjs`, beside an
 * installed package, it runs in Node.
 */

import { createServer } from "node:http";
import process from "node:process";
import { EventChannel } from "@tidings/sse/channel";
import { toNodeHandler } from "@tidings/sse/node";

const channel = new EventChannel();

const server = createServer(toNodeHandler(async (request) => {
  if (request.method !== "POST") return channel.serve(request);
  const id = await channel.publish({ data: await request.text() });
  return Response.json({ id }, { status: 201 });
}));

// Anybody may write: take the address away once requests are authenticated.
server.listen(Number(process.env.PORT ?? 8000), "127.0.0.1", () => {
  console.log("Listening on", server.address());
});

process.once("SIGINT", async () => {
  // The streams have to end before the server can.
  await channel.close();
  server.close();
});
