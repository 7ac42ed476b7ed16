// Copyright 2026 the Tidings authors. MIT license.

/** What is handed to `serveSocket()` by mistake, and handlers that fail later. */

import { assertEquals, assertThrows } from "@std/assert";
import { EventStreamSocket } from "../../socket/mod.ts";
import { serveSocket } from "../../socket/server.ts";
import { recordWarnings } from "../support/warnings.ts";
import { event } from "./_kinds.ts";

/** What a request of `node:http` has, and those of Express and Fastify. */
const NODE_REQUEST = {
  method: "GET",
  url: "/",
  headers: { host: "a" },
  rawHeaders: ["host", "a"],
};

const REQUESTS: Record<string, { value: unknown; got: string }> = {
  "nothing": { value: undefined, got: "got undefined" },
  "null": { value: null, got: "got null" },
  "a URL": { value: "http://a/", got: 'got "http://a/"' },
  "a request of node:http": {
    value: NODE_REQUEST,
    got: 'a request of node:http, for which "toNodeHandler" makes one',
  },
  "a context of a framework": {
    value: { req: { raw: new Request("http://a/") } },
    got: "got an object",
  },
  "a response": { value: new Response(), got: "got an object" },
};

for (const [name, { value, got }] of Object.entries(REQUESTS)) {
  Deno.test(`serveSocket() throws TypeError for ${name} in place of a request`, () => {
    const error = assertThrows(
      () => serveSocket(value as Request, () => {}),
      TypeError,
      'Cannot serve socket: expected "request" to be a Request, got ',
    );
    assertEquals(error.message.endsWith(got), true, error.message);
  });
}

Deno.test("serveSocket() takes a request of another realm or library", async () => {
  const request = {
    method: "GET",
    url: "http://a/",
    headers: { get: () => null, has: () => false },
  };
  const response = await serveSocket(request as unknown as Request, () => {});
  assertEquals(response.status, 400);
});

for (const handler of [undefined, null, {}, "echo"]) {
  Deno.test(`serveSocket() throws TypeError for ${handler} in place of a handler`, () => {
    assertThrows(
      () => serveSocket(new Request("http://a/"), handler as () => void),
      TypeError,
      'Cannot serve socket: expected "onSocket" to be a function, got ',
    );
  });
}

const KINDS = "upgradeWebSocket" in Deno ? [0, 20_000] : [0];
for (const webSocketTimeout of KINDS) {
  const how = webSocketTimeout === 0 ? "an event stream" : "a WebSocket";
  Deno.test(`serveSocket() closes with 1011 and warns if an async onSocket fails, over ${how}`, async () => {
    using recorder = recordWarnings();
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) =>
        serveSocket(request, async (socket) => {
          await event(socket, "open");
          throw new Error("no user");
        }),
    );
    const url = `http://127.0.0.1:${server.addr.port}/`;
    const socket = new EventStreamSocket(url, [], { webSocketTimeout });
    assertEquals((await event(socket, "close")).code, 1011);
    assertEquals(
      recorder.warnings.map(({ code, message }) => [code, message]),
      [["TIDINGS_HANDLER", '"onSocket" of a socket has failed: no user']],
    );
  });
}
