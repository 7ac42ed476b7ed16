// Copyright 2026 the Tidings authors. MIT license.

/**
 * Every answer to a request for an event stream, of every room: what is said about
 * headers, HEAD and bodies holds for all of them.
 */

import { gzip } from "../../compression/mod.ts";
import { EventChannel } from "../../channel.ts";
import { MemoryEventLogs } from "../../log.ts";
import { EventRuns } from "../../runs/mod.ts";
import { serveEvents, stopReconnecting } from "../../server.ts";
import { serveSocket, type ServeSocketOptions } from "../../socket/server.ts";

/** The options that all rooms share. */
export type AnswerOptions = Pick<
  ServeSocketOptions,
  "headers" | "cors" | "allowTransform"
>;

/** One kind of answer. */
export interface AnswerRow {
  name: string;
  /** The status with GET. */
  status: number;
  /** Headers of the request. */
  headers?: Record<string, string>;
  serve(request: Request, options: AnswerOptions): Promise<Response>;
}

const HTML = { accept: "text/html" };
const NEW_SOCKET = { "socket-session": "new" };
const COMPRESSIBLE = { "accept-encoding": "gzip" };
const compression = gzip();

/** A channel with one client, of the key `"ada"`. */
async function serveFull(
  limits: { maxSubscribers?: number; maxSubscribersPerKey?: number },
  request: Request,
  options: AnswerOptions,
): Promise<Response> {
  await using channel = new EventChannel({ key: () => "ada", ...limits });
  const first = channel.serve(new Request("http://localhost/"));
  const response = channel.serve(request, options);
  await first.body?.cancel();
  return response;
}

async function serveClosed(
  status: 204 | 503,
  request: Request,
  options: AnswerOptions,
): Promise<Response> {
  const channel = new EventChannel();
  await channel.close({ status });
  return channel.serve(request, options);
}

/** A run `"a"` that has ended. */
async function serveRun(
  id: string,
  request: Request,
  options: AnswerOptions,
): Promise<Response> {
  await using runs = new EventRuns({ compression });
  await runs.start("a", () => [{ data: "1" }]);
  await runs.ended("a");
  return await runs.serve(id, request, options);
}

/** A run that the request has read to its end. */
async function serveReadRun(
  request: Request,
  options: AnswerOptions,
): Promise<Response> {
  await using runs = new EventRuns();
  await runs.start("a", () => [{ data: "1" }]);
  const url = "http://localhost/";
  const text = await (await runs.serve("a", new Request(url))).text();
  const headers = new Headers(request.headers);
  headers.set("last-event-id", /id: (.*)\n\n$/.exec(text)?.[1] ?? "");
  const again = new Request(url, { method: request.method, headers });
  return await runs.serve("a", again, options);
}

async function serveClosedRuns(
  request: Request,
  options: AnswerOptions,
): Promise<Response> {
  const runs = new EventRuns();
  await runs.close();
  return await runs.serve("a", request, options);
}

async function serveFailingRuns(
  request: Request,
  options: AnswerOptions,
): Promise<Response> {
  const logs = new MemoryEventLogs();
  logs.inspect = () => Promise.reject(new Error("the secret of the engine"));
  await using runs = new EventRuns({ logs, onError() {} });
  return await runs.serve("a", request, options);
}

/** A new socket, whose session ends with the test. */
async function serveNewSocket(
  request: Request,
  options: ServeSocketOptions,
): Promise<Response> {
  const shutdown = new AbortController();
  const response = await serveSocket(request, () => {}, {
    signal: shutdown.signal,
    ...options,
  });
  shutdown.abort();
  return response;
}

export const ANSWER_ROWS: AnswerRow[] = [
  {
    name: "serveEvents()",
    status: 200,
    serve: (request, options) =>
      Promise.resolve(serveEvents(request, [], options)),
  },
  {
    name: "serveEvents() with compression",
    status: 200,
    headers: COMPRESSIBLE,
    serve: (request, options) =>
      Promise.resolve(serveEvents(request, [], { ...options, compression })),
  },
  {
    name: "serveEvents() with compression that the client does not take",
    status: 200,
    serve: (request, options) =>
      Promise.resolve(serveEvents(request, [], { ...options, compression })),
  },
  {
    name: "serveEvents() of a method that is not served",
    status: 405,
    serve: (request, options) =>
      Promise.resolve(
        serveEvents(request, [], { ...options, methods: ["PUT"] }),
      ),
  },
  {
    name: "serveEvents() of another type",
    status: 406,
    headers: HTML,
    serve: (request, options) =>
      Promise.resolve(serveEvents(request, [], options)),
  },
  {
    name: "stopReconnecting()",
    status: 204,
    serve: (request, options) =>
      Promise.resolve(stopReconnecting(request, options)),
  },
  {
    name: "EventChannel.serve()",
    status: 200,
    serve: async (request, options) => {
      await using channel = new EventChannel();
      return channel.serve(request, options);
    },
  },
  {
    name: "EventChannel.serve() with compression",
    status: 200,
    headers: COMPRESSIBLE,
    serve: async (request, options) => {
      await using channel = new EventChannel({ compression });
      return channel.serve(request, options);
    },
  },
  {
    name: "EventChannel.serve() of another type",
    status: 406,
    headers: HTML,
    serve: (request, options) => serveFull({}, request, options),
  },
  {
    name: "EventChannel.serve() of a full channel",
    status: 503,
    serve: (request, options) =>
      serveFull({ maxSubscribers: 1 }, request, options),
  },
  {
    name: "EventChannel.serve() of a key with too many clients",
    status: 429,
    serve: (request, options) =>
      serveFull({ maxSubscribersPerKey: 1 }, request, options),
  },
  {
    name: "EventChannel.serve() of a closed channel",
    status: 503,
    serve: (request, options) => serveClosed(503, request, options),
  },
  {
    name: "EventChannel.serve() of a channel that is closed for good",
    status: 204,
    serve: (request, options) => serveClosed(204, request, options),
  },
  {
    name: "EventRuns.serve()",
    status: 200,
    serve: (request, options) => serveRun("a", request, options),
  },
  {
    name: "EventRuns.serve() with compression",
    status: 200,
    headers: COMPRESSIBLE,
    serve: (request, options) => serveRun("a", request, options),
  },
  {
    name: "EventRuns.serve() of another type",
    status: 406,
    headers: HTML,
    serve: (request, options) => serveRun("a", request, options),
  },
  {
    name: "EventRuns.serve() of an unknown run",
    status: 404,
    serve: (request, options) => serveRun("unknown", request, options),
  },
  {
    name: "EventRuns.serve() of an ID that no run can have",
    status: 404,
    serve: (request, options) => serveRun("\ud800", request, options),
  },
  {
    name: "EventRuns.serve() of a run that was read to its end",
    status: 204,
    serve: serveReadRun,
  },
  {
    name: "EventRuns.serve() after close()",
    status: 503,
    serve: serveClosedRuns,
  },
  {
    name: "EventRuns.serve() of logs that fail",
    status: 503,
    serve: serveFailingRuns,
  },
  {
    name: "serveSocket()",
    status: 200,
    headers: NEW_SOCKET,
    serve: serveNewSocket,
  },
  {
    name: "serveSocket() of another type",
    status: 406,
    headers: { ...NEW_SOCKET, ...HTML },
    serve: serveNewSocket,
  },
  {
    name: "serveSocket() without the header of a socket",
    status: 400,
    serve: serveNewSocket,
  },
  {
    name: "serveSocket() of an unknown session",
    status: 404,
    headers: { "socket-session": "unknown" },
    serve: serveNewSocket,
  },
  {
    name: "serveSocket() of a page of another origin",
    status: 403,
    headers: { ...NEW_SOCKET, origin: "https://other.example" },
    serve: serveNewSocket,
  },
  {
    name: "serveSocket() with too many sockets",
    status: 503,
    headers: NEW_SOCKET,
    serve: (request, options) =>
      serveNewSocket(request, { ...options, maxSessions: 0 }),
  },
  {
    name: "serveSocket() with too many sockets of a key",
    status: 429,
    headers: NEW_SOCKET,
    serve: (request, options) =>
      serveNewSocket(request, { ...options, key: "ada", maxSessionsPerKey: 0 }),
  },
  {
    name: "serveSocket() of a server that shuts down",
    status: 503,
    headers: NEW_SOCKET,
    serve: (request, options) =>
      serveNewSocket(request, { ...options, signal: AbortSignal.abort() }),
  },
];

/** Makes the request of a row. */
export function makeAnswerRequest(row: AnswerRow, method = "GET"): Request {
  return new Request("http://localhost/", {
    method,
    headers: row.headers ?? {},
  });
}
