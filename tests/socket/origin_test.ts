// Copyright 2026 the Tidings authors. MIT license.

/**
 * Which pages may open a socket: those of the site's own origin, as the page sees it, also
 * behind a proxy that changes the request.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventStreamSocket } from "../../socket/mod.ts";
import { serveSocket, type ServeSocketOptions } from "../../socket/server.ts";
import { event } from "./_kinds.ts";
import { RawServer } from "./_raw_client.ts";

interface OriginRow {
  name: string;
  /** What the server gets as the URL: the host of `Host`. */
  url: string;
  headers?: Record<string, string>;
  options?: ServeSocketOptions;
  isOwn: boolean;
}

const trustProxy = true;
const ROWS: OriginRow[] = [
  {
    name: "the host of the request",
    url: "http://a.example:8080/",
    headers: { origin: "http://a.example:8080" },
    isOwn: true,
  },
  {
    name: "the host of the request, in capital letters",
    url: "http://A.Example:8080/",
    headers: { origin: "HTTP://A.EXAMPLE:8080" },
    isOwn: true,
  },
  {
    name: "an IPv6 address, in any form",
    url: "http://[::1]:8080/",
    headers: { origin: "http://[0:0::1]:8080" },
    isOwn: true,
  },
  {
    name: "another IPv6 address",
    url: "http://[::1]:8080/",
    headers: { origin: "http://[::2]:8080" },
    isOwn: false,
  },
  {
    name: "the host of the request, behind a proxy that ends TLS",
    url: "http://a.example/",
    headers: { origin: "https://a.example" },
    isOwn: true,
  },
  {
    name: "a host whose port the proxy writes out",
    url: "http://a.example:443/",
    headers: { origin: "https://a.example" },
    isOwn: true,
  },
  {
    name: "a host whose port is the proxy's own, which ends TLS",
    url: "http://a.example:80/",
    headers: { origin: "https://a.example" },
    isOwn: true,
  },
  {
    name: "another port of the host",
    url: "http://a.example:8080/",
    headers: { origin: "http://a.example:8081" },
    isOwn: false,
  },
  {
    name: "a host that only begins alike",
    url: "http://a.example/",
    headers: { origin: "http://a.example.evil.example" },
    isOwn: false,
  },
  {
    name: "a subdomain",
    url: "http://a.example/",
    headers: { origin: "http://evil.a.example" },
    isOwn: false,
  },
  {
    name: "no origin, as of a client that is no browser",
    url: "http://a.example/",
    isOwn: true,
  },
  {
    name: "the origin null",
    url: "http://null/",
    headers: { origin: "null" },
    isOwn: false,
  },
  {
    name: "an empty origin",
    url: "http://a.example/",
    headers: { origin: "" },
    isOwn: false,
  },
  {
    name: "an origin with a path",
    url: "http://a.example/",
    headers: { origin: "http://a.example/evil" },
    isOwn: false,
  },
  {
    name: "two origins",
    url: "http://a.example/",
    headers: { origin: "http://a.example, http://evil.example" },
    isOwn: false,
  },
  {
    name: "an origin of another scheme",
    url: "http://a.example/",
    headers: { origin: "capacitor://a.example" },
    isOwn: false,
  },
  {
    name: "an origin whose port the proxy drops",
    url: "http://a.example/",
    headers: { origin: "http://a.example:8080" },
    isOwn: false,
  },
  {
    name:
      "an origin whose port the proxy drops, where the browser vouches for it",
    url: "http://a.example/",
    headers: {
      origin: "http://a.example:8080",
      "sec-fetch-site": "same-origin",
    },
    isOwn: true,
  },
  {
    name: "an origin that the browser calls another site's",
    url: "http://a.example/",
    headers: { origin: "http://b.example", "sec-fetch-site": "cross-site" },
    isOwn: false,
  },
  {
    name: "another site, whose origin is left out on the way",
    url: "http://a.example/",
    headers: { "sec-fetch-site": "same-site" },
    isOwn: false,
  },
  {
    name: "an origin that is listed",
    url: "http://10.0.0.1:3000/",
    headers: { origin: "https://a.example" },
    options: { origins: ["https://b.example", "https://a.example"] },
    isOwn: true,
  },
  {
    name: "the host of the request beside the listed ones",
    url: "http://localhost:8000/",
    headers: { origin: "http://localhost:8000" },
    options: { origins: ["https://a.example"] },
    isOwn: true,
  },
  {
    name: "the listed host with another scheme",
    url: "http://10.0.0.1:3000/",
    headers: { origin: "http://a.example" },
    options: { origins: ["https://a.example"] },
    isOwn: false,
  },
  {
    name: "the origin null where others are listed",
    url: "http://10.0.0.1:3000/",
    headers: { origin: "null" },
    options: { origins: ["https://a.example"] },
    isOwn: false,
  },
  {
    name: "an X-Forwarded-Host that nobody trusts",
    url: "http://10.0.0.1:3000/",
    headers: {
      origin: "http://a.example:8080",
      "x-forwarded-host": "a.example:8080",
      forwarded: "host=a.example:8080",
    },
    isOwn: false,
  },
  {
    name: "an X-Forwarded-Host",
    url: "http://10.0.0.1:3000/",
    headers: {
      origin: "http://a.example:8080",
      "x-forwarded-host": "A.example:8080",
    },
    options: { trustProxy },
    isOwn: true,
  },
  {
    name: "the first of several values of X-Forwarded-Host",
    url: "http://10.0.0.1:3000/",
    headers: {
      origin: "https://a.example",
      "x-forwarded-host": "a.example, inner.example:81",
      "x-forwarded-proto": "https, http",
    },
    options: { trustProxy },
    isOwn: true,
  },
  {
    name: "the second of several values of X-Forwarded-Host",
    url: "http://10.0.0.1:3000/",
    headers: {
      origin: "http://inner.example:81",
      "x-forwarded-host": "a.example, inner.example:81",
    },
    options: { trustProxy },
    isOwn: false,
  },
  {
    name: "a host without its port, which X-Forwarded-Port has",
    url: "http://a.example/",
    headers: { origin: "http://a.example:8080", "x-forwarded-port": "8080" },
    options: { trustProxy },
    isOwn: true,
  },
  {
    name: "an X-Forwarded-Host without its port, which X-Forwarded-Port has",
    url: "http://10.0.0.1:3000/",
    headers: {
      origin: "https://a.example",
      "x-forwarded-host": "a.example",
      "x-forwarded-port": "443",
      "x-forwarded-proto": "HTTPS",
    },
    options: { trustProxy },
    isOwn: true,
  },
  {
    name: "another scheme than X-Forwarded-Proto has",
    url: "http://a.example/",
    headers: { origin: "http://a.example", "x-forwarded-proto": "https" },
    options: { trustProxy },
    isOwn: false,
  },
  {
    name: "X-Forwarded-Proto with the scheme of a WebSocket",
    url: "http://a.example/",
    headers: { origin: "https://a.example", "x-forwarded-proto": "wss" },
    options: { trustProxy },
    isOwn: true,
  },
  {
    name: "an IPv6 address in X-Forwarded-Host",
    url: "http://10.0.0.1:3000/",
    headers: { origin: "http://[::1]", "x-forwarded-host": "[::1]" },
    options: { trustProxy },
    isOwn: true,
  },
  {
    name: "an IPv6 address without its port, which X-Forwarded-Port has",
    url: "http://10.0.0.1:3000/",
    headers: {
      origin: "http://[::1]:8080",
      "x-forwarded-host": "[::1]",
      "x-forwarded-port": "8080",
    },
    options: { trustProxy },
    isOwn: true,
  },
  {
    name: "an X-Forwarded-Host that is no host",
    url: "http://a.example/",
    headers: { origin: "http://a.example", "x-forwarded-host": "a b" },
    options: { trustProxy },
    isOwn: false,
  },
  {
    name: "an empty X-Forwarded-Host",
    url: "http://a.example/",
    headers: { origin: "http://a.example", "x-forwarded-host": "" },
    options: { trustProxy },
    isOwn: true,
  },
  {
    name: "a Forwarded",
    url: "http://10.0.0.1:3000/",
    headers: {
      origin: "https://a.example:8443",
      forwarded:
        'for=192.0.2.1;Host="a.example:8443" ; proto=https, for=10.0.0.9;host=inner',
    },
    options: { trustProxy },
    isOwn: true,
  },
  {
    name: "a Forwarded with an IPv6 address, beside an X-Forwarded-Host",
    url: "http://10.0.0.1:3000/",
    headers: {
      origin: "http://[2001:db8::1]:8080",
      forwarded: 'for="[2001:db8::2]:4711";host="[2001:db8::1]:8080"',
      "x-forwarded-host": "inner.example",
    },
    options: { trustProxy },
    isOwn: true,
  },
  {
    name: "a Forwarded without a host",
    url: "http://a.example/",
    headers: { origin: "https://a.example", forwarded: "proto=https" },
    options: { trustProxy },
    isOwn: true,
  },
  {
    name: "another origin where a page of any may open a socket",
    url: "http://a.example/",
    headers: { origin: "https://evil.example" },
    options: { cors: {} },
    isOwn: true,
  },
  {
    name: "a page that tells its own origin, whose port the proxy drops",
    url: "http://a.example/",
    headers: { "socket-origin": "http://a.example:8080" },
    isOwn: false,
  },
];

for (const { name, url, headers = {}, options, isOwn } of ROWS) {
  for (const method of ["GET", "HEAD", "POST"]) {
    Deno.test(`serveSocket() ${isOwn ? "takes" : "refuses"} a ${method} from ${name}`, async () => {
      // A POST that may come is one to a session that is over.
      const session = method === "POST" ? "gone" : "new";
      const request = new Request(url, {
        method,
        headers: { ...headers, "socket-session": session },
      });
      let opened = 0;
      const controller = new AbortController();
      const { signal } = controller;
      const all = { ...options, signal };
      const response = await serveSocket(request, () => opened++, all);
      controller.abort();
      await response.body?.cancel();
      const taken = method === "POST" ? 404 : 200;
      assertEquals(response.status, isOwn ? taken : 403);
      assertEquals(opened, isOwn && method === "GET" ? 1 : 0);
    });
  }
}

const REASON =
  'Cannot open socket: another origin, expected that of "Host" or of "origins", got ';

Deno.test("EventStreamSocket is refused at once where its page's POST would be, and says why", async () => {
  await using server = new RawServer();
  const outside = "http://127.0.0.1:9";
  Object.defineProperty(globalThis, "origin", {
    value: outside,
    configurable: true,
  });
  try {
    // A proxy that drops the port.
    const socket = new EventStreamSocket(outside, [], {
      fetch: (_, init) => fetch(server.url, init),
    });
    const { code, reason, wasClean } = await event(socket, "close");
    assertEquals([code, reason, wasClean], [
      1006,
      `${REASON}"${outside}"`,
      false,
    ]);
    assertEquals(server.sockets.length, 0);
  } finally {
    Reflect.deleteProperty(globalThis, "origin");
  }
});

Deno.test("EventStreamSocket tells its page's origin to the page's own server alone", async () => {
  const told: (string | null)[] = [];
  Object.defineProperty(globalThis, "origin", {
    value: "http://a.example",
    configurable: true,
  });
  try {
    for (const url of ["ws://a.example/x", "ws://a.example:81", "ws://b"]) {
      const socket = new EventStreamSocket(url, [], {
        fetch: (_, { headers }) => {
          told.push(new Headers(headers).get("socket-origin"));
          return Promise.resolve(new Response(null, { status: 404 }));
        },
      });
      await event(socket, "close");
    }
    assertEquals(told, ["http://a.example", null, null]);
  } finally {
    Reflect.deleteProperty(globalThis, "origin");
  }
});

interface RefusedRow {
  name: string;
  status: number;
  body: string;
  type: string;
  reason: string;
}

const REFUSED: RefusedRow[] = [
  {
    name: "403 with a sentence",
    status: 403,
    body: "Cannot open socket: no\n",
    type: "text/plain;charset=utf-8",
    reason: "Cannot open socket: no",
  },
  {
    name: "401 without a body",
    status: 401,
    body: "",
    type: "text/plain",
    reason: "Cannot send messages: the status is 401",
  },
  {
    name: "413 with a page of a proxy",
    status: 413,
    body: "<html>Request Entity Too Large</html>",
    type: "text/html",
    reason: "Cannot send messages: the status is 413",
  },
  {
    name: "404 with a sentence that is too long",
    status: 404,
    body: "é".repeat(5000),
    type: "text/plain",
    reason: "é".repeat(61),
  },
];

for (const { name, status, body, type, reason } of REFUSED) {
  Deno.test(`EventStreamSocket closes at once, and says why, after a POST that gets ${name}`, async () => {
    await using server = new RawServer();
    const socket = new EventStreamSocket(server.url, [], {
      fetch: (_, init) =>
        init.method === "POST"
          ? Promise.resolve(
            new Response(body, { status, headers: { "content-type": type } }),
          )
          : fetch(server.url, init),
    });
    await event(socket, "open");
    socket.send("a");
    const closed = await event(socket, "close");
    assertEquals([closed.code, closed.reason], [1006, reason]);
  });
}

const OPENING_REFUSED = [
  { body: "Cannot open socket: full", type: "text/plain" },
  { body: "<h1>Bad Gateway</h1>", type: "text/html" },
  { body: "", type: "text/plain" },
];
const OPENING_REASONS = [
  "Cannot open socket: full",
  "Cannot open socket: the status is 502",
  "",
];

for (const [index, { body, type }] of OPENING_REFUSED.entries()) {
  Deno.test(`EventStreamSocket says why its first request was refused: ${JSON.stringify(body)}`, async () => {
    const headers = { "content-type": type };
    const socket = new EventStreamSocket("http://a", [], {
      fetch: () =>
        Promise.resolve(new Response(body, { status: 502, headers })),
    });
    const { code, reason } = await event(socket, "close");
    assertEquals([code, reason], [1006, OPENING_REASONS[index]]);
  });
}

Deno.test("serveSocket() throws TypeError for origins that no browser sends", () => {
  const serve = (options: ServeSocketOptions) => () =>
    serveSocket(new Request("http://a/"), () => {}, options);
  for (const origin of ["a.example", "https://a.example/", "null", "*"]) {
    assertThrows(serve({ origins: [origin] }), TypeError, '"origins[0]"');
  }
  const all = "https://a.example" as unknown as string[];
  assertThrows(serve({ origins: all }), TypeError, '"origins"');
  const yes = "yes" as unknown as boolean;
  assertThrows(serve({ trustProxy: yes }), TypeError, '"trustProxy"');
  assert(serve({ origins: ["https://a.example:8443"] })() instanceof Response);
});
