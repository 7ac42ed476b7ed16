// Copyright 2026 the Tidings authors. MIT license.

/** What sends event streams, ours and the peers, each used as its own README does. */

import { createChannel, createResponse } from "npm:better-sse@0.16.1";
import { Hono } from "npm:hono@4.13.19";
import { streamSSE } from "npm:hono@4.13.19/streaming";
import { EventChannel } from "../../channel.ts";
import { serveEvents } from "../../server.ts";

/** An event that all of them can send. */
export interface SentEvent {
  event?: string;
  data: string;
  id?: string;
}

/** One response. */
export interface Sending {
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Lets the client leave, or the server end. */
  end(): void;
}

/** Options of {@linkcode Sender.send}, for those that take any. */
export interface SendOptions {
  /** Milliseconds of silence after which a comment is sent. */
  keepAlive?: number;
}

/** What sends the same events to many. */
export interface Broadcast {
  publish(event: SentEvent & { id: string }): void;
  /** Connects a client; it has joined when the promise resolves. */
  join(headers: Record<string, string>): Promise<Sending>;
}

/** One library. */
export interface Sender {
  /** The heading of its column. */
  name: string;
  /** What is imported; left out, it is ours. */
  module?: string;
  /** Sends events, one after the other, to one client. */
  send(events: AsyncIterable<SentEvent>, options: SendOptions): Sending;
  /** Begins to publish to many, if it has a way to. */
  broadcast?(): Broadcast;
}

/** Ours first. */
export const SENDERS: readonly Sender[] = [
  {
    name: "@tidings/sse",
    send(events, options) {
      const { request, end } = createRequest();
      const { signal } = request;
      // Told of it, it ends the response as it does otherwise.
      const onError = () => {};
      const response = serveEvents(request, events, {
        ...options,
        signal,
        onError,
      });
      return sendingOf(response, end);
    },
    broadcast() {
      const channel = new EventChannel();
      return {
        publish: (event) => void channel.publish(event),
        join(headers) {
          const response = channel.serve(createRequest(headers).request);
          const end = () => void channel.close();
          return Promise.resolve(sendingOf(response, end));
        },
      };
    },
  },
  {
    name: "better-sse",
    module: "npm:better-sse@0.16.1",
    send(events, options) {
      const { request, end } = createRequest();
      const response = createResponse(request, options, async (session) => {
        for await (const { data, event, id } of events) {
          if (!session.isConnected) break;
          session.push(data, event, id);
        }
      });
      return sendingOf(response, end);
    },
    broadcast() {
      const channel = createChannel();
      return {
        publish: ({ data, event, id }) =>
          void channel.broadcast(data, event, { eventId: id }),
        join(headers) {
          const { request, end } = createRequest(headers);
          return new Promise((resolve) => {
            const response = createResponse(request, (session) => {
              channel.register(session);
              resolve(sendingOf(response, end));
            });
          });
        },
      };
    },
  },
  {
    name: "hono",
    module: "npm:hono@4.13.19",
    send(events) {
      const { request, end } = createRequest();
      const app = new Hono();
      app.get("/", (context) =>
        streamSSE(context, async (stream) => {
          for await (const event of events) await stream.writeSSE(event);
        }, () => Promise.resolve()));
      // The app's only handler is synchronous, and so is its answer.
      const response = app.fetch(request) as Response;
      return sendingOf(response, end);
    },
  },
];

function createRequest(
  headers: Record<string, string> = {},
): { request: Request; end: () => void } {
  const controller = new AbortController();
  const { signal } = controller;
  const request = new Request("http://localhost/", { headers, signal });
  return { request, end: () => controller.abort() };
}

function sendingOf({ body }: Response, end: () => void): Sending {
  if (body === null) throw new Error("Cannot read: a body is wanted");
  return { body, end };
}
