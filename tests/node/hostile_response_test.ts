// Copyright 2026 the Tidings authors. MIT license.

/**
 * Responses that `node:http` or `node:http2` refuse, or would send so that a client
 * takes their bytes for others: what an upstream may send to a handler that passes
 * its response on.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { EventChannel } from "../../channel.ts";
import {
  type FetchHandler,
  type NodeResponse,
  toNodeHandler,
} from "../../node/mod.ts";
import { serveEvents } from "../../server.ts";
import {
  exchangeRaw,
  PROTOCOLS,
  readText,
  withHttp1Server,
} from "../support/node_server.ts";
import { within } from "../support/within.ts";

/** A response with members that its constructor refuses, as one of `fetch` may have. */
function response(
  { body = "a", headers = {}, ...members }: {
    body?: BodyInit | null;
    headers?: Record<string, string>;
    status?: number;
    statusText?: string;
  },
): Response {
  const whole = new Response(body, { headers });
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(whole, name, { value });
  }
  return whole;
}

interface Row {
  name: string;
  make: () => Response;
  /** The status that arrives, or that the response breaks off. */
  "HTTP/1.1": number | "broken";
  "HTTP/2": number | "broken";
  /** Names of headers that are left out. */
  without?: string[];
  /** Whether `onError` is told, if the rest does not say it. */
  isError?: boolean;
}

const LEFT_OUT_IN_HTTP2 = [
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "upgrade",
];

const NULL_BODY_STATUSES = [204, 205, 304];

const ROWS: Row[] = [
  ...["Не найдено", "a\x01b", "a\x7f", "a\r\nx-header: b", "a\ufffd"].map((
    statusText,
  ) => ({
    name: `the status text ${JSON.stringify(statusText)}`,
    make: () => response({ status: 404, statusText }),
    "HTTP/1.1": 404,
    "HTTP/2": 404,
    without: ["x-header"],
  })),
  ...["\x01", "a\x7f", "a\x1fb"].map((value) => ({
    name: `the header value ${JSON.stringify(value)}`,
    make: () => response({ headers: { "x-header": value } }),
    "HTTP/1.1": 500,
    "HTTP/2": 500,
    without: ["x-header"],
  })),
  ...LEFT_OUT_IN_HTTP2.map((name) => ({
    name: `a header "${name}"`,
    make: () => response({ headers: { [name]: "keep-alive" } }),
    "HTTP/1.1": 200,
    "HTTP/2": 200,
  })),
  ...["identity", "gzip", "chunked, gzip", "chunked"].map((value) => ({
    name: `"transfer-encoding: ${value}"`,
    make: () => response({ headers: { "transfer-encoding": value } }),
    "HTTP/1.1": 200,
    "HTTP/2": 200,
  })),
  {
    name: "a length and a transfer encoding",
    make: () =>
      response({
        headers: { "content-length": "1", "transfer-encoding": "chunked" },
      }),
    "HTTP/1.1": 200,
    "HTTP/2": 200,
    without: ["transfer-encoding"],
  },
  {
    name: "trailers that it announces beside a length",
    make: () => response({ headers: { trailer: "x", "content-length": "1" } }),
    "HTTP/1.1": 200,
    "HTTP/2": 200,
    without: ["trailer"],
  },
  ...[0, 100, 101, 103, 199, 1000, 200.5, NaN].map((status) => ({
    name: `the status ${status}`,
    make: () => response({ status }),
    "HTTP/1.1": 500,
    "HTTP/2": 500,
  })),
  {
    name: "the status 999",
    make: () => response({ status: 999 }),
    "HTTP/1.1": 999,
    "HTTP/2": 500,
  },
  ...NULL_BODY_STATUSES.map((status) => ({
    name: `the status ${status} with a body`,
    make: () => response({ status }),
    "HTTP/1.1": status,
    "HTTP/2": status,
  })),
  ...[204, 205].map((status) => ({
    name: `the status ${status} with a length`,
    make: () => response({ status, headers: { "content-length": "5" } }),
    "HTTP/1.1": status,
    "HTTP/2": status,
    without: ["content-length"],
  })),
  ...["abc", "-1", "1.5", "1, 1", "0x1", "1e0", "", "9".repeat(30)].map((
    length,
  ) => ({
    name: `the length ${JSON.stringify(length)}`,
    make: () => response({ headers: { "content-length": length } }),
    "HTTP/1.1": 500,
    "HTTP/2": 500,
    without: ["content-length"],
  })),
  {
    name: "the length 0 and 2 bytes",
    make: () => response({ body: "ab", headers: { "content-length": "0" } }),
    // What the client gets is whole; then the connection breaks.
    "HTTP/1.1": 200,
    "HTTP/2": "broken",
    isError: true,
  },
  ...["1", "3", "1000000"].map((length) => ({
    name: `the length ${length} and 2 bytes`,
    make: () => response({ body: "ab", headers: { "content-length": length } }),
    "HTTP/1.1": "broken" as const,
    "HTTP/2": "broken" as const,
  })),
  {
    name: "a length and no body",
    make: () => response({ body: null, headers: { "content-length": "3" } }),
    "HTTP/1.1": "broken",
    "HTTP/2": "broken",
  },
  {
    name: "a body that others read",
    make: () => {
      const locked = response({});
      locked.body?.getReader();
      return locked;
    },
    "HTTP/1.1": 500,
    "HTTP/2": 500,
  },
  {
    name: "a body of what is no bytes",
    make: () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(5 as unknown as Uint8Array),
        }),
      ),
    "HTTP/1.1": "broken",
    "HTTP/2": "broken",
  },
];

for (const [protocol, withNodeServer] of Object.entries(PROTOCOLS)) {
  for (const row of ROWS) {
    Deno.test(`toNodeHandler() survives a response with ${row.name}, ${protocol}`, async () => {
      const errors: unknown[] = [];
      const expected = row[protocol as "HTTP/2"];
      const handler: FetchHandler = ({ url }) =>
        url.endsWith("/good") ? new Response("good") : row.make();
      await withNodeServer(handler, async ({ begin }) => {
        const exchange = begin();
        exchange.upload.end();
        const outcome = await within(
          "the response",
          (async () => {
            const { status, headers } = await exchange.head;
            for (const name of row.without ?? []) {
              assertEquals(headers[name], undefined, name);
            }
            if (protocol === "HTTP/2") {
              for (const name of LEFT_OUT_IN_HTTP2) {
                assertEquals(headers[name], undefined, name);
              }
            }
            const text = await readText(exchange.body());
            if (NULL_BODY_STATUSES.includes(status)) assertEquals(text, "");
            return status;
          })().catch((error) => {
            if (error instanceof Error && error.name === "AssertionError") {
              throw error;
            }
            return "broken";
          }),
        );
        assertEquals(outcome, expected);
        const next = begin({ path: "/good" });
        next.upload.end();
        assertEquals((await next.head).status, 200);
        assertEquals(await readText(next.body()), "good");
      }, { onError: (error) => void errors.push(error) });
      const isError = row.isError ??
        (expected === 500 || expected === "broken");
      assertEquals(errors.length, isError ? 1 : 0, String(errors));
    });
  }

  Deno.test(`toNodeHandler() lets go of a body whose head is refused, ${protocol}`, async () => {
    const cancelled = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<string>();
    await using channel = new EventChannel();
    const headers = { "x-header": "\x01" };
    const handler = (request: Request) => {
      if (request.url.endsWith("/stream")) {
        const body = new ReadableStream({ cancel: () => cancelled.resolve() });
        return new Response(body, { headers });
      }
      const response = channel.serve(request, { onClose: closed.resolve });
      response.headers.set("x-header", "\x01");
      return response;
    };
    await withNodeServer(handler, async ({ begin }) => {
      for (const path of ["/stream", "/channel"]) {
        const exchange = begin({ path });
        exchange.upload.end();
        assertEquals((await within("the head", exchange.head)).status, 500);
        await readText(exchange.body());
      }
      await within("cancel()", cancelled.promise);
      assertEquals(await within("onClose", closed.promise), "client");
      assertEquals(channel.size, 0);
    }, { onError() {} });
  });

  Deno.test(`toNodeHandler() sends an event stream that claims to have a length, ${protocol}`, async () => {
    const handler = (request: Request) => {
      const { body } = serveEvents(request, [{ data: "a" }]);
      return new Response(body, { headers: { "content-length": "3" } });
    };
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      const { headers } = await within("the head", exchange.head);
      assertEquals(headers["content-length"], undefined);
      assertEquals(await readText(exchange.body()), "data: a\n\n");
    });
  });
}

/** Runs `test` with a server that sends bytes as they are, for every connection. */
async function withUpstream(
  bytes: Uint8Array,
  test: (url: string) => Promise<void>,
): Promise<void> {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(bytes));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    await test(`http://127.0.0.1:${port}/`);
  } finally {
    const closed = once(server, "close");
    server.close();
    await within("the upstream closes", closed);
  }
}

const STATUS_LINES: Record<string, Uint8Array> = {
  "in UTF-8": new TextEncoder().encode("HTTP/1.1 404 Не найдено"),
  "in Latin-1": Uint8Array.from(
    "HTTP/1.1 404 Non trouvé",
    (character) => character.charCodeAt(0),
  ),
};

for (const [what, statusLine] of Object.entries(STATUS_LINES)) {
  Deno.test(`toNodeHandler() passes on an upstream's response with a status text ${what}`, async () => {
    const rest = new TextEncoder().encode("\r\ncontent-length: 4\r\n\r\nnone");
    const bytes = new Uint8Array([...statusLine, ...rest]);
    await withUpstream(bytes, async (upstream) => {
      const handler = () => fetch(upstream);
      await withHttp1Server(handler, async ({ port }) => {
        const text = await exchangeRaw(port, "GET / HTTP/1.1\r\nhost: a");
        assert(text.startsWith("HTTP/1.1 404 "), text);
        assert(text.includes("none"), text);
      });
    });
  });
}

/** What the code that runs before ours may have done to a response. */
const EARLIER: Record<string, (response: http.ServerResponse) => void> = {
  "has set a status text that cannot be sent": (response) =>
    response.statusMessage = "a\x01",
  "has announced trailers": (response) => response.setHeader("trailer", "x"),
  "has announced trailers and a length": (response) => {
    response.setHeader("trailer", "x");
    response.setHeader("content-length", "1");
  },
  "has sent the head": (response) => response.writeHead(202),
  "has ended the response": (response) => response.end("b"),
  "has broken the connection off": (response) => response.destroy(),
  "is strict about too long a body": (response) => {
    response.strictContentLength = true;
    response.setHeader("content-length", "1");
  },
  "is strict about too short a body": (response) => {
    response.strictContentLength = true;
    response.setHeader("content-length", "1000");
  },
};

/** Where an answer can be sent for all that. */
const REPAIRED = [
  "has set a status text that cannot be sent",
  "has announced trailers",
];

const HANDLERS: Record<string, FetchHandler> = {
  "a text with a length": () =>
    new Response("abc", { headers: { "content-length": "3" } }),
  "an event stream": (request) => serveEvents(request, [{ data: "a" }]),
  "an error": () => {
    throw new Error("hunter2");
  },
};

for (const [what, prepare] of Object.entries(EARLIER)) {
  for (const [which, handler] of Object.entries(HANDLERS)) {
    Deno.test(`toNodeHandler() survives code before it that ${what}, with ${which}`, async () => {
      const listener = toNodeHandler(handler, { onError() {} });
      const server = http.createServer((incoming, outgoing) => {
        if (incoming.url === "/good") return void outgoing.end("good");
        outgoing.on("error", () => {});
        prepare(outgoing);
        listener(incoming, outgoing as NodeResponse);
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const get = async (path: string) => {
        const socket = net.connect(port, "127.0.0.1");
        const ended = new Promise<void>((resolve) =>
          socket.on("error", () => resolve()).on("close", () => resolve())
        );
        let text = "";
        socket.on("data", (chunk) => text += chunk);
        socket.write(
          `GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`,
        );
        await within("the end", ended);
        return text;
      };
      const text = await get("/");
      assert(!text.includes("hunter2"), text);
      if (REPAIRED.includes(what)) {
        assertMatch(text, /^HTTP\/1\.1 (?:200|500) /);
      }
      assert((await get("/good")).endsWith("good"));
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await within("the server closes", closed);
    });
  }
}

Deno.test("toNodeHandler() keeps from a channel what one client's response throws", async () => {
  await using channel = new EventChannel();
  const errors: unknown[] = [];
  const listener = toNodeHandler((request) => channel.serve(request), {
    onError: (error) => void errors.push(error),
  });
  const server = http.createServer((incoming, outgoing) => {
    if (incoming.url === "/strict") {
      outgoing.strictContentLength = true;
      outgoing.setHeader("content-length", "100");
    }
    listener(incoming, outgoing as NodeResponse);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const sockets = ["/strict", "/"].map((path) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
    return socket;
  });
  let text = "";
  sockets[1]!.on("data", (chunk) => text += chunk);
  sockets[0]!.resume();
  await within("a stream", once(sockets[1]!, "data"));
  while (channel.size < 2) await new Promise((r) => setTimeout(r, 1));
  for (let count = 0; count < 3; count++) {
    await channel.publish({ data: `${count}`.repeat(100) });
  }
  while (!text.includes("2".repeat(100))) {
    await within("the events", once(sockets[1]!, "data"));
  }
  // In Node the other's response has failed, elsewhere nobody minds its length.
  assert(errors.length <= 1, String(errors));
  assertEquals(channel.size, 2 - errors.length);
  for (const socket of sockets) socket.destroy();
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await within("the server closes", closed);
});
