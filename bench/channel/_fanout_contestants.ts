// Copyright 2026 the Tidings authors. MIT license.

/** Servers that publish the same events to many clients, each as its docs say. */

import { createChannel, createResponse, type Session } from "better-sse";
import { Hono } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { MeasuredServer } from "./_fanout_answers.ts";
import { EventChannel } from "../../channel.ts";
import { encodeEvent } from "../../encoder.ts";

/** A server with a fetch handler. */
export interface FanoutServer extends MeasuredServer {
  handler: (request: Request) => Response | Promise<Response>;
}

/** The servers by the names of their rows. */
export const CONTESTANTS: Readonly<Record<string, () => FanoutServer>> = {
  tidings: serveTidings,
  bare: serveBare,
  "better-sse": serveBetterSse,
  hono: serveHono,
};

function serveTidings(): FanoutServer {
  const channel = new EventChannel();
  return {
    handler: (request) => channel.serve(request),
    publish: (data, id) => void channel.publish({ event: "tick", data, id }),
    size: () => channel.size,
  };
}

/** The least that a server on `Deno.serve` can do: no history, no backpressure. */
function serveBare(): FanoutServer {
  type Controller = ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  const controllers = new Set<Controller>();
  return {
    handler: () => {
      let controller: Controller;
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start(own) {
          controller = own;
          controllers.add(controller);
          controller.enqueue(encodeEvent({ comment: "hello" }));
        },
        cancel() {
          controllers.delete(controller);
        },
      });
      return new Response(body, {
        headers: { "content-type": "text/event-stream" },
      });
    },
    publish: (data, id) => {
      const chunk = encodeEvent({ event: "tick", data, id });
      for (const controller of controllers) controller.enqueue(chunk);
    },
    size: () => controllers.size,
  };
}

function serveBetterSse(): FanoutServer {
  const channel = createChannel();
  return {
    handler: (request) =>
      createResponse(request, (session: Session) => {
        channel.register(session);
      }),
    publish: (data, id) =>
      void channel.broadcast(data, "tick", { eventId: String(id) }),
    size: () => channel.sessionCount,
  };
}

function serveHono(): FanoutServer {
  const streams = new Set<SSEStreamingApi>();
  const app = new Hono();
  app.get("/", (context) =>
    streamSSE(context, async (stream) => {
      streams.add(stream);
      await stream.writeSSE({ data: "hello" });
      await new Promise<void>((resolve) => stream.onAbort(resolve));
      streams.delete(stream);
    }));
  return {
    handler: (request) => app.fetch(request),
    publish: (data, id) => {
      const message = { event: "tick", data, id: String(id) };
      for (const stream of streams) stream.writeSSE(message);
    },
    size: () => streams.size,
  };
}
