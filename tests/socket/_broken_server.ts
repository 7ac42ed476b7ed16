// Copyright 2026 the Tidings authors. MIT license.

/**
 * A process that serves all that a POST may be sent to, on `Deno.serve` and on
 * `node:http`, and prints the ports. `/open` tells how many requests are open.
 */

import { createServer } from "node:http";
import { EventChannel } from "../../channel.ts";
import { toNodeHandler } from "../../node/mod.ts";
import { EventRuns } from "../../runs/mod.ts";
import { serveEvents } from "../../server.ts";
import { serveSocket } from "../../socket/server.ts";

let open = 0;
const methods = ["GET", "POST"];
const channel = new EventChannel();
const runs = new EventRuns();
await runs.start("run", async function* () {
  yield { data: "a" };
  await new Promise(() => {});
});

/** Counts a request while its response is not there, or its stream is open. */
async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/open") return new Response(`${open}`);
  const onClose = (): void => void open--;
  open++;
  if (pathname === "/events") {
    return serveEvents(request, (session) => {
      session.closed.then(onClose);
    }, { methods });
  }
  if (pathname === "/channel") {
    return channel.serve(request, { methods, onClose });
  }
  if (pathname === "/run") {
    return await runs.serve("run", request, { methods, onClose });
  }
  try {
    return await serveSocket(request, () => {});
  } finally {
    open--;
  }
}

const ports: number[] = [];
function tell(port: number): void {
  if (ports.push(port) === 2) console.log(JSON.stringify(ports));
}

Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: ({ port }) => tell(port) },
  answer,
);
const server = createServer(toNodeHandler(answer));
server.listen(0, "127.0.0.1", () => {
  tell((server.address() as { port: number }).port);
});
