// Copyright 2026 the Tidings authors. MIT license.

/**
 * A channel on a server of `node:http`. `node:https` and `node:http2` work the same way.
 *
 * ```sh
 * deno run -N -E=PORT examples/node_server.ts
 * ```
 *
 * The file has no type annotations. Save it as `node_server.mjs` in a project that has
 * the package installed, and it runs in Node.
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

// Anyone who reaches this server may write. Remove the address when it authenticates.
server.listen(Number(process.env.PORT ?? 8000), "127.0.0.1", () => {
  console.log("Listening on", server.address());
});

process.once("SIGINT", async () => {
  // The server closes only after all streams have ended.
  await channel.close();
  server.close();
});
