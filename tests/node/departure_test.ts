// Copyright 2026 the Tidings authors. MIT license.

/** That a channel behind `node:http` and middleware counts only the clients that are there. */

import { assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { PROTOCOLS } from "../support/node_server.ts";
import { within } from "../support/within.ts";

/** What a middleware does with the response of a channel. */
const MIDDLEWARE: Record<string, (response: Response) => unknown> = {
  "nothing": (response) => response,
  "wraps its body": ({ body, headers }) => new Response(body, { headers }),
  "reads a copy and sends the response": (response) => {
    response.clone();
    return response;
  },
  "sends a copy": (response) => response.clone(),
  "reads a copy to its end before it sends the response": async (response) => {
    await response.clone().text();
    return response;
  },
  "throws it away and waits": () => new Promise(() => {}),
};

for (const [protocol, withNodeServer] of Object.entries(PROTOCOLS)) {
  for (const [name, handle] of Object.entries(MIDDLEWARE)) {
    Deno.test(`EventChannel counts a client no more that leaves, if a middleware ${name}, ${protocol}`, async () => {
      await using channel = new EventChannel();
      const reasons: string[] = [];
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      const { promise: served, resolve: serve } = Promise.withResolvers<void>();
      const handler = (request: Request): Promise<Response> => {
        const response = channel.serve(request, {
          onClose: (reason) => {
            reasons.push(reason);
            resolve();
          },
        });
        serve();
        return Promise.resolve(handle(response)) as Promise<Response>;
      };
      await withNodeServer(handler, async ({ begin }) => {
        const exchange = begin();
        exchange.upload.end();
        exchange.head.catch(() => {});
        await within("the request", served);
        assertEquals(channel.size, 1);
        exchange.leave();
        await within("onClose", closed);
        assertEquals(channel.size, 0);
        assertEquals(reasons, ["client"]);
      });
    });
  }

  Deno.test(`EventChannel counts a client no more after startTimeout, if a middleware answers in its place, ${protocol}`, async () => {
    await using channel = new EventChannel();
    const { promise: closed, resolve } = Promise.withResolvers<string>();
    const handler = (request: Request): Response => {
      channel.serve(request, { startTimeout: 50, onClose: resolve });
      return new Response("an error page", { status: 500 });
    };
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      assertEquals((await within("the head", exchange.head)).status, 500);
      exchange.body().resume();
      assertEquals(await within("onClose", closed), "client");
      assertEquals(channel.size, 0);
    });
  });
}
