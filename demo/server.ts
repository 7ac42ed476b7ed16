// Copyright 2026 the Tidings authors. MIT license.

/** The demo's server: a page, a stream of measurements, and ways to disturb it. */

import { EventChannel } from "../channel.ts";
import { measure } from "./measurements.ts";
import { SlowReader } from "./slow_reader.ts";

const INTERVAL = 500;
// What a new page draws at once: a minute.
const REPLAY = 120;
const FILES: Record<string, { file: string; type: string }> = {
  "/": { file: "page.html", type: "text/html; charset=utf-8" },
  "/page.css": { file: "page.css", type: "text/css; charset=utf-8" },
  "/page.js": { file: "page.js", type: "text/javascript; charset=utf-8" },
  "/chart.js": { file: "chart.js", type: "text/javascript; charset=utf-8" },
};

/** A demo that is being served. */
export interface Demo {
  /** Where the page is. */
  url: string;
  /** Ends the streams, the measuring and the server. */
  close(): Promise<void>;
}

/**
 * Serves the demo on this machine only.
 *
 * @param port The port, 0 for one that is free.
 * @throws {Deno.errors.AddrInUse} If the port is in use.
 */
export function serveDemo(port: number): Demo {
  const channel = new EventChannel({ retry: 1000 });
  const drops = new Set<() => void>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen() {} },
    (request) => handle(request),
  );
  const url = `http://localhost:${server.addr.port}/`;
  const slowReader = new SlowReader(`${url}events`);
  const stopMeasuring = measure(INTERVAL, (measurement) => {
    channel.publish({
      event: "measurement",
      data: JSON.stringify(measurement),
    });
  });

  async function handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const route = `${request.method} ${pathname}`;
    const page = request.method === "GET" ? FILES[pathname] : undefined;
    if (page !== undefined) {
      const file = await fetch(new URL(page.file, import.meta.url));
      return new Response(file.body, {
        headers: { "content-type": page.type },
      });
    }
    if (route === "GET /events") {
      return droppable(channel.serve(request, { replay: REPLAY }));
    }
    if (route === "POST /drop") {
      const dropped = drops.size;
      for (const drop of drops) drop();
      drops.clear();
      return Response.json({ dropped });
    }
    if (route === "POST /slow-reader") {
      slowReader.toggle();
      return Response.json(slowReader.state);
    }
    if (route === "GET /state") {
      const { counters, size } = channel;
      return Response.json({ ...counters, size, slowReader: slowReader.state });
    }
    return new Response("Not found\n", { status: 404 });
  }

  /** Lets the connection be dropped, wherever the stream is just then. */
  function droppable(response: Response): Response {
    let drop: () => void;
    const forget = () => void drops.delete(drop);
    const body = response.body?.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        start(controller) {
          drop = () => controller.terminate();
          drops.add(drop);
        },
        flush: forget,
        cancel: forget,
      }),
    );
    return new Response(body, response);
  }

  return {
    url,
    async close(): Promise<void> {
      stopMeasuring();
      slowReader.stop();
      await channel.close();
      await server.shutdown();
    },
  };
}
