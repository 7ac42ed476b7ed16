// Copyright 2026 the Tidings authors. MIT license.

/** That a channel behind `node:http` and middleware counts only the clients that are there. */

import { assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { serveEvents } from "../../server.ts";
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

/** What a middleware does that leaves a response of a channel unread. */
const UNREAD: Record<
  string,
  (
    request: Request,
    serve: (request: Request) => void,
  ) => Response | Promise<Response>
> = {
  "answers in its place": (request, serve) => {
    serve(request);
    return new Response("an error page", { status: 500 });
  },
  "throws": (request, serve) => {
    serve(request);
    throw new Error("The handler fails");
  },
  "rejects": (request, serve) => {
    serve(request);
    return Promise.reject(new Error("The handler fails"));
  },
  "never answers": (request, serve) => {
    serve(request);
    return new Promise(() => {});
  },
  "has it made late, and never answers": async (request, serve) => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    serve(request);
    return await new Promise<never>(() => {});
  },
  "has two made, and sends another one": (request, serve) => {
    serve(request);
    return serveEvents(request, function* () {
      yield { data: "a" };
    });
  },
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

  for (const [name, answer] of Object.entries(UNREAD)) {
    Deno.test(`EventChannel counts a client no more after startTimeout, if a middleware ${name}, ${protocol}`, async () => {
      await using channel = new EventChannel();
      const { promise: closed, resolve } = Promise.withResolvers<string>();
      const serve = (request: Request): void => {
        channel.serve(request, { startTimeout: 50, onClose: resolve });
      };
      const handler = (request: Request) => answer(request, serve);
      await withNodeServer(handler, async ({ begin }) => {
        const exchange = begin();
        exchange.upload.end();
        exchange.head.catch(() => {});
        assertEquals(await within("onClose", closed), "client");
        assertEquals(channel.size, 0);
      }, { onError: () => {} });
    });
  }
}
