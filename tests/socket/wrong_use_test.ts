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

for (const protocols of [null, 5, { webSocketTimeout: 0 }]) {
  const name = JSON.stringify(protocols);
  Deno.test(`new EventStreamSocket() throws TypeError for ${name} in place of protocols`, () => {
    assertThrows(
      () => new EventStreamSocket("http://a/", protocols as unknown as string),
      TypeError,
      'Cannot connect: expected "protocols" to be a string or an array of strings, before the options, got ',
    );
  });
}

for (const webSocketTimeout of KINDS) {
  const how = webSocketTimeout === 0 ? "an event stream" : "a WebSocket";
  Deno.test(`sockets over ${how} take undefined and null for a listener, and call nothing`, async () => {
    const uncaught: unknown[] = [];
    const keep = (event: Event): void => {
      event.preventDefault();
      uncaught.push(event);
    };
    const listenToNothing = (socket: EventTarget): void => {
      for (const type of ["open", "message", "error", "close"]) {
        socket.removeEventListener(type, undefined as unknown as null);
        socket.addEventListener(type, undefined as unknown as null);
        socket.addEventListener(type, null, true);
      }
    };
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) =>
        serveSocket(request, (socket) => {
          listenToNothing(socket);
          socket.onmessage = ({ data }) => socket.send(data);
        }),
    );
    const url = `http://127.0.0.1:${server.addr.port}/`;
    globalThis.addEventListener("error", keep);
    try {
      const socket = new EventStreamSocket(url, [], { webSocketTimeout });
      listenToNothing(socket);
      await event(socket, "open");
      socket.send("a");
      assertEquals((await event(socket, "message")).data, "a");
      socket.close();
      await event(socket, "close");
      await new Promise((resolve) => setTimeout(resolve, 0));
      assertEquals(uncaught, []);
    } finally {
      globalThis.removeEventListener("error", keep);
    }
  });
}

Deno.test("sockets throw TypeError for a listener that is none", () => {
  const socket = new EventStreamSocket("http://a/", [], {
    fetch: () => Promise.reject(new Error("There is no server")),
  });
  for (const listener of [5, "call", true]) {
    assertThrows(
      () => socket.addEventListener("message", listener as unknown as null),
      TypeError,
      'Cannot listen to events: expected "listener" to be a function, got ',
    );
  }
  socket.close();
});
