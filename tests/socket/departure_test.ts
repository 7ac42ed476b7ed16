// Copyright 2026 the Tidings authors. MIT license.

/** How a socket learns that nobody reads the response to the request that opens it. */

import { assertEquals } from "@std/assert";
import { serveSocket, type ServeSocketOptions } from "../../socket/server.ts";
import { within } from "../support/within.ts";
import { record } from "./_kinds.ts";

const KEY = "departure";

interface OpenedSocket {
  response: Response;
  closed: Promise<void>;
  seen: string[];
}

/** Opens a socket, and tells when it is closed and what it has seen. */
async function open(
  request: Request,
  options: ServeSocketOptions,
): Promise<OpenedSocket> {
  const seen: string[] = [];
  const closed = Promise.withResolvers<void>();
  const response = await serveSocket(request, (socket) => {
    record(socket, seen);
    socket.addEventListener("close", () => closed.resolve());
  }, { key: KEY, ...options });
  const promise = within("the socket is closed", closed.promise);
  return { response, closed: promise, seen };
}

const makeRequest = (session = "new") =>
  new Request("http://localhost/", { headers: { "socket-session": session } });

const DISCARDS: Record<string, (response: Response) => unknown> = {
  "is thrown away": () => {},
  "is replaced by one with its headers": ({ headers }) =>
    new Response("no", { status: 500, headers }),
  "is wrapped in another that is thrown away": ({ body, headers }) =>
    new Response(body, { headers }),
};

for (const [name, discard] of Object.entries(DISCARDS)) {
  Deno.test(`serveSocket() closes the socket after sessionTimeout if its response ${name}`, async () => {
    const options = { sessionTimeout: 5, maxSessionsPerKey: 1 };
    for (let i = 0; i < 2; i++) {
      const { response, closed, seen } = await open(makeRequest(), options);
      assertEquals(response.status, 200);
      discard(response);
      await closed;
      assertEquals(seen, ["error (closed)", 'close 1006 "" unclean (closed)']);
      const id = response.headers.get("socket-session") ?? "";
      const again = await serveSocket(makeRequest(id), () => {});
      assertEquals(again.status, 404);
    }
  });
}

Deno.test("serveSocket() closes the socket after sessionTimeout if the response that resumes it is thrown away", async () => {
  const options = { sessionTimeout: 20 };
  const { response, closed, seen } = await open(makeRequest(), options);
  const reader = response.body!.getReader();
  await within("the event open", reader.read());
  const id = response.headers.get("socket-session") ?? "";
  const resumed = await serveSocket(makeRequest(id), () => {});
  assertEquals(resumed.status, 200);
  await closed;
  assertEquals(seen.at(-1), 'close 1006 "" unclean (closed)');
  await reader.cancel();
});

const HANDSHAKE = [
  "GET / HTTP/1.1",
  "host: a",
  "connection: upgrade",
  "upgrade: websocket",
  "sec-websocket-version: 13",
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
  "",
  "",
].join("\r\n");

// Elsewhere the answer to an upgrade is 501.
if ("upgradeWebSocket" in Deno) {
  const failures: Record<string, () => Response> = {
    "is thrown away": () => new Response("no", { status: 500 }),
    "is lost in an error": () => {
      throw new Error("A middleware fails");
    },
  };
  for (const [name, answer] of Object.entries(failures)) {
    Deno.test({
      name:
        `serveSocket() closes the socket after sessionTimeout if the response to an upgrade ${name}`,
      // Deno never ends the wait for such a WebSocket.
      sanitizeOps: false,
      async fn() {
        const limits = { maxSessionsPerKey: 1 };
        const opened = Promise.withResolvers<OpenedSocket>();
        // Deno's server stops when it does not get such a response, so there is one request.
        await using server = Deno.serve({
          hostname: "127.0.0.1",
          port: 0,
          onListen() {},
          onError: () => new Response(null, { status: 500 }),
        }, async (request) => {
          opened.resolve(
            await open(request, { sessionTimeout: 20, ...limits }),
          );
          return answer();
        });
        const { port } = server.addr;
        using client = await Deno.connect({ hostname: "127.0.0.1", port });
        await client.write(new TextEncoder().encode(HANDSHAKE));
        const { response, closed, seen } = await within("it", opened.promise);
        assertEquals(response.status, 101);
        await closed;
        assertEquals(seen, [
          "error (closed)",
          'close 1006 "" unclean (closed)',
        ]);
        // It counts no longer.
        const next = await open(makeRequest(), {
          sessionTimeout: 5,
          ...limits,
        });
        assertEquals(next.response.status, 200);
        await next.closed;
      },
    });
  }
}
