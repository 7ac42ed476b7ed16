// Copyright 2026 the Tidings authors. MIT license.

/** What is handed to servers by mistake in place of a request. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { MemoryEventLogs } from "../../log.ts";
import { EventRuns } from "../../runs/mod.ts";
import { serveEvents, stopReconnecting } from "../../server.ts";

/** What a request of `node:http` has, and those of Express. */
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
  "a request of node:http with another method": {
    value: { ...NODE_REQUEST, method: "OPTIONS" },
    got: 'a request of node:http, for which "toNodeHandler" makes one',
  },
  "a context of a framework": {
    value: { req: { raw: new Request("http://a/") } },
    got: "got an object",
  },
};

type Serve = (request: Request) => Response | Promise<Response>;

const SERVERS: Record<string, () => { serve: Serve; close?: () => unknown }> = {
  "serveEvents()": () => ({ serve: (request) => serveEvents(request, []) }),
  "stopReconnecting()": () => ({
    serve: (request) => stopReconnecting(request),
  }),
  "EventChannel.serve()": () => {
    const channel = new EventChannel();
    return {
      serve: (request) => channel.serve(request),
      async close() {
        assertEquals(channel.size, 0);
        await channel.close();
      },
    };
  },
  "EventRuns.serve()": () => {
    const logs = new MemoryEventLogs();
    const runs = new EventRuns({ logs });
    return {
      serve: (request) => runs.serve("a", request),
      async close() {
        await runs.close();
        logs.close();
      },
    };
  },
};

for (const [server, make] of Object.entries(SERVERS)) {
  for (const [name, { value, got }] of Object.entries(REQUESTS)) {
    Deno.test(`${server} throws TypeError for ${name} in place of a request`, async () => {
      const { serve, close } = make();
      const error = await assertRejects(
        async () => await serve(value as Request),
        TypeError,
        ': expected "request" to be a Request, got ',
      );
      assert(/^Cannot (serve|stop) /.test(error.message), error.message);
      assert(error.message.endsWith(got), error.message);
      await close?.();
    });
  }
}

Deno.test("serveEvents() takes a request of another realm or library", async () => {
  const { signal } = new AbortController();
  const headers = new Headers({ accept: "text/event-stream" });
  const request = { method: "GET", url: "http://a/", headers, signal };
  const response = serveEvents(request as Request, [{ data: "a" }]);
  assertEquals(await response.text(), "data: a\n\n");
});
