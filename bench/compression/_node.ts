// Copyright 2026 the Tidings authors. MIT license.

/** The process of one server on `node:http`: its name, and the workload. */

import compression from "compression";
import express from "express";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { encodeEvent } from "../../encoder.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { toNodeHandler } from "../../node/mod.ts";
import { answerCommands } from "./_answers.ts";
import { SERVERS } from "./_servers.ts";
import type { CompressionWorkload } from "./_workloads.ts";

interface NodeServer {
  listener: RequestListener;
  publish(event: ServerSentEventInit): void;
  size(): number;
}

/** express with its middleware, as its documentation says for event streams. */
function serveExpress(): NodeServer {
  const app = express();
  const responses = new Set<express.Response>();
  // Without a filter of its own it leaves event streams as they are.
  app.use(compression({ filter: () => true }));
  app.get("/", (_request: express.Request, response: express.Response) => {
    response.setHeader("content-type", "text/event-stream");
    response.write(encodeEvent({ comment: "hello" }));
    response.flush();
    responses.add(response);
    response.on("close", () => responses.delete(response));
  });
  return {
    listener: app,
    publish: (event) => {
      const chunk = encodeEvent(event);
      for (const response of responses) {
        response.write(chunk);
        response.flush();
      }
    },
    size: () => responses.size,
  };
}

function serve(name: string): NodeServer {
  if (name === "express's compression") return serveExpress();
  const { handler, ...server } = SERVERS[name]!();
  return { ...server, listener: toNodeHandler(handler) };
}

const [name = "", workload] = process.argv.slice(2) as [
  string,
  CompressionWorkload,
];
const { listener, ...server } = serve(name);
const listening = createServer(listener);
listening.listen(0, "127.0.0.1", () => {
  console.log((listening.address() as AddressInfo).port);
});
await answerCommands(workload, server);
