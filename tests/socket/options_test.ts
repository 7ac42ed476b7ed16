// Copyright 2026 the Tidings authors. MIT license.

import { assertThrows } from "@std/assert";
import type { CorsOptions } from "../../server.ts";
import {
  type BackoffOptions,
  EventStreamSocket,
  type EventStreamSocketOptions,
} from "../../socket/mod.ts";
import { serveSocket, type ServeSocketOptions } from "../../socket/server.ts";
import { testOptions } from "../support/options_suite.ts";

const BACKOFF = {
  factor: 2,
  maxDelay: 5,
  maxAttempts: 5,
  healthyAfter: 5,
  random: () => 0,
};
const fetch = () => Promise.reject(new Error("There is no server"));

async function open(options: EventStreamSocketOptions): Promise<void> {
  const socket = new EventStreamSocket("http://localhost/", [], options);
  await new Promise((resolve) => {
    socket.onclose = resolve;
    socket.close();
  });
}

testOptions<EventStreamSocketOptions>({
  name: "new EventStreamSocket()",
  call: open,
  base: { fetch },
  right: {
    fetch,
    headers: { "x-own": "1" },
    withCredentials: true,
    backoff: BACKOFF,
    reconnectionTime: 5,
    idleTimeout: 1000,
    webSocketTimeout: 0,
  },
  wrong: {
    fetch: "http://localhost/",
    headers: true,
    withCredentials: "include",
    backoff: true,
    reconnectionTime: "5",
    idleTimeout: "1000",
    webSocketTimeout: "0",
  },
});

testOptions<BackoffOptions>({
  name: "new EventStreamSocket()",
  path: "backoff",
  call: (backoff) => open({ fetch, backoff }),
  right: BACKOFF,
  wrong: {
    factor: "2",
    maxDelay: "5",
    maxAttempts: "5",
    healthyAfter: "5",
    random: 0.5,
  },
});

const NAMES = [
  "fetch",
  "headers",
  "withCredentials",
  "backoff",
  "reconnectionTime",
  "idleTimeout",
  "webSocketTimeout",
];
const BACKOFF_NAMES = Object.keys(BACKOFF);

for (const name of [...NAMES, ...BACKOFF_NAMES]) {
  Deno.test(`new EventStreamSocket() refuses null for "${name}", as for all options`, () => {
    const options = { [name]: null };
    const isOfBackoff = BACKOFF_NAMES.includes(name);
    assertThrows(
      () =>
        new EventStreamSocket("http://localhost/", [], {
          fetch,
          ...(isOfBackoff ? { backoff: options } : options),
        }),
      TypeError,
      `${name}" to be `,
    );
  });
}

async function serve(options: ServeSocketOptions): Promise<void> {
  // Without the header of a socket, it is answered with 400.
  const request = new Request("http://localhost/");
  await serveSocket(request, () => {}, options);
}

const CORS = { origins: () => true, credentials: true, maxAge: 5 };

testOptions<ServeSocketOptions>({
  name: "serveSocket()",
  call: serve,
  right: {
    keepAlive: 1000,
    headers: { "x-own": "1" },
    protocols: ["chat"],
    origins: ["https://app.example"],
    trustProxy: true,
    allowTransform: true,
    cors: CORS,
    signal: new AbortController().signal,
    sessionTimeout: 1000,
    maxMessageSize: 5,
    maxBatchSize: 5,
    maxBuffered: 5,
    maxSessions: 5,
    maxSessionsPerKey: 5,
    onLimit: "replaceOldest",
    key: "ada",
  },
  wrong: {
    keepAlive: "1000",
    headers: 5,
    protocols: "chat",
    origins: "https://app.example",
    trustProxy: "yes",
    allowTransform: 1,
    cors: true,
    signal: {},
    sessionTimeout: "1000",
    maxMessageSize: "5",
    maxBatchSize: "5",
    maxBuffered: "5",
    maxSessions: "5",
    maxSessionsPerKey: "5",
    onLimit: "oldest",
    key: 5,
  },
});

testOptions<CorsOptions>({
  name: "serveSocket()",
  path: "cors",
  call: (cors) => serve({ cors }),
  right: CORS,
  wrong: { origins: 5, credentials: 1, maxAge: "5" },
});
