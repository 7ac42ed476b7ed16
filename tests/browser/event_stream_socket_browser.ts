// Copyright 2026 the Tidings authors. MIT license.

/** Our socket, and graphql-ws over it, in a real browser. */

import { assertEquals } from "@std/assert";
import { bundle } from "../../scripts/_bundle.ts";
import { serveSocket } from "../../socket/server.ts";
import type { EventStreamSocket } from "../../socket/mod.ts";
import { DroppingProxy } from "../support/dropping_proxy.ts";
import { GRAPHQL_PROTOCOL, serveGraphQL } from "../socket/_graphql_server.ts";
import { Random } from "../support/random.ts";
import { browserTest } from "./_browser.ts";

/** What `_socket_page.ts` puts on the page. */
interface PageGlobals {
  EventStreamSocket: typeof EventStreamSocket;
  subscribe(url: string, from: number): Promise<number[]>;
}

/** Serves a page with our socket, and sockets at other paths. */
async function withPage(
  test: (port: number) => Promise<void>,
): Promise<void> {
  const script = await bundle("tests/browser/_socket_page.ts", {
    importMap: "tests/offline/import_map.json",
  });
  const shutdown = new AbortController();
  const { signal } = shutdown;
  await using server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
      // Connections break: nobody reads these answers.
      onError: () => new Response(null, { status: 400 }),
    },
    (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/") {
        return new Response(
          "<!doctype html><script type=module src=/page.js></script>",
          { headers: { "content-type": "text/html" } },
        );
      }
      if (pathname === "/page.js") {
        return new Response(script, {
          headers: { "content-type": "text/javascript" },
        });
      }
      if (pathname === "/graphql") {
        const protocols = [GRAPHQL_PROTOCOL];
        return serveSocket(request, serveGraphQL, { protocols, signal });
      }
      if (pathname.startsWith("/dropped")) request = dropPort(request);
      else if (pathname !== "/echo") return new Response(null, { status: 404 });
      return serveSocket(request, (socket) => {
        socket.onmessage = ({ data }) => socket.send(data);
      }, { signal });
    },
  );
  try {
    await test(server.addr.port);
  } finally {
    shutdown.abort();
  }
}

/** Does as a proxy that drops the port from `Host`. */
function dropPort(request: Request): Request {
  const url = new URL(request.url);
  url.port = "";
  const dropped = new Request(url, request);
  // Over HTTP, a browser sends it to this machine alone.
  if (url.pathname === "/dropped-http") {
    dropped.headers.delete("sec-fetch-site");
  }
  return dropped;
}

browserTest(
  "browser: EventStreamSocket opens behind a proxy that drops the port, or is refused at once and says why",
  async (browser) => {
    await withPage(async (port) => {
      const page = await browser.open(`http://127.0.0.1:${port}/`);
      const lines = await page.run(async () => {
        const { EventStreamSocket } = globalThis as unknown as PageGlobals;
        const lines: string[] = [];
        for (const path of ["/dropped", "/dropped-http"]) {
          const socket = new EventStreamSocket(path);
          socket.onopen = () => socket.send("hello");
          socket.onmessage = ({ data }) => {
            lines.push(data);
            socket.close();
          };
          const { code, reason } = await new Promise<CloseEvent>(
            (resolve) => socket.onclose = resolve,
          );
          lines.push(`${code} ${reason}`);
        }
        return lines;
      }, undefined);
      assertEquals(lines, [
        "hello",
        "1005 ",
        "1006 Cannot open socket: another origin, " +
        'expected that of "Host" or of "origins", got ' +
        `"http://127.0.0.1:${port}"`,
      ]);
    });
  },
);

browserTest(
  "browser: EventStreamSocket sends and receives text and bytes, alone and behind a genuine WebSocket",
  async (browser) => {
    await withPage(async (port) => {
      const page = await browser.open(`http://127.0.0.1:${port}/`);
      for (const webSocketTimeout of [0, 10_000]) {
        const received = await page.run(async (webSocketTimeout) => {
          const { EventStreamSocket } = globalThis as unknown as PageGlobals;
          const socket = new EventStreamSocket("/echo", [], {
            webSocketTimeout,
          });
          socket.binaryType = "arraybuffer";
          await new Promise((resolve) => socket.onopen = resolve);
          const sent = ["a\r\n€", new Uint8Array([0, 255]), new Blob(["b"])];
          for (const message of sent) socket.send(message);
          const received: unknown[] = [];
          await new Promise<void>((resolve) => {
            socket.onmessage = ({ data }) => {
              received.push(
                typeof data === "string" ? data : [...new Uint8Array(data)],
              );
              if (received.length === sent.length) resolve();
            };
          });
          socket.close(4000, "done");
          const { code, reason, wasClean } = await new Promise<CloseEvent>(
            (resolve) => socket.onclose = resolve,
          );
          return [...received, code, reason, wasClean];
        }, webSocketTimeout);
        assertEquals(received, ["a\r\n€", [0, 255], [98], 4000, "done", true]);
      }
    });
  },
);

browserTest(
  "browser: EventStreamSocket carries graphql-ws over many drops",
  async (browser) => {
    await withPage(async (port) => {
      await using proxy = new DroppingProxy(port, new Random(1));
      const page = await browser.open(`http://127.0.0.1:${proxy.port}/`);
      proxy.limit = 20_000;
      const numbers = await page.run(
        (from) =>
          (globalThis as unknown as PageGlobals).subscribe("/graphql", from),
        1000,
      );
      assertEquals(numbers, Array.from({ length: 500 }, (_, i) => 1000 + i));
    });
  },
);
