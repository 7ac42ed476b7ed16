// Copyright 2026 the Tidings authors. MIT license.

/** Event streams on the connections of `node:http`, and what a request is there. */

import { assertEquals } from "@std/assert";
import { once } from "node:events";
import net from "node:net";
import { EventChannel } from "../../channel.ts";
import { type EventSession, serveEvents } from "../../server.ts";
import {
  PROTOCOLS,
  readText,
  withHttp1Server,
} from "../support/node_server.ts";
import { within } from "../support/within.ts";
import { readHttp1Responses } from "./_http1.ts";

const GET = "GET / HTTP/1.1\r\nhost: a\r\n";

Deno.test("toNodeHandler() leaves a connection free for the next event stream", async () => {
  const handler = (request: Request) => serveEvents(request, [{ data: "a" }]);
  await withHttp1Server(handler, async ({ port }) => {
    const socket = net.connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => text += chunk);
    for (let streams = 1; streams <= 3; streams++) {
      socket.write(`${GET}\r\n`);
      while (text.split("\r\n0\r\n\r\n").length <= streams) {
        await within("the end", once(socket, "data"));
      }
    }
    assertEquals(text.match(/data: a\n\n/g)?.length, 3);
    socket.destroy();
  });
});

/** Answers, and what is asked for them. */
const ANSWERS: Record<string, [request: string, status: number]> = {
  text: ["GET /text", 200],
  "event stream": ["GET /stream", 200],
  "no content": ["GET /204", 204],
  "not modified": ["GET /304", 304],
  "an error": ["GET /error", 500],
  "a head that is refused": ["GET /header", 500],
  "a status text that is left out": ["GET /statusText", 404],
  "a request that is none": ["TRACE /", 400],
  "a body that nobody reads": ["POST /text", 200],
};

Deno.test("toNodeHandler() leaves a connection free after each kind of answer", async () => {
  const handler = (request: Request): Response => {
    const { pathname } = new URL(request.url);
    const response = new Response(/\d/.test(pathname) ? null : "text", {
      status: Number(/\d+/.exec(pathname)?.[0] ?? 200),
      headers: pathname === "/header" ? { "x-header": "\x01" } : {},
    });
    if (pathname === "/error") throw new Error("hunter2");
    if (pathname === "/stream") return serveEvents(request, [{ data: "a" }]);
    if (pathname !== "/statusText") return response;
    return Object.defineProperties(response, {
      status: { value: 404 },
      statusText: { value: "Не найдено" },
    });
  };
  await withHttp1Server(handler, async ({ port }) => {
    const socket = net.connect(port, "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => text += chunk);
    const expected: number[] = [];
    // Each twice: the last is followed by the first.
    for (
      const [what, [line, status]] of [
        ...Object.entries(ANSWERS),
        ...Object.entries(ANSWERS),
      ]
    ) {
      // Bun takes it: `Request` refuses no method there.
      if (line.startsWith("TRACE") && "Bun" in globalThis) continue;
      const body = line.startsWith("POST")
        ? "content-length: 4\r\n\r\nbody"
        : "";
      socket.write(`${line} HTTP/1.1\r\nhost: a\r\n${body || "\r\n"}`);
      expected.push(status);
      while (readHttp1Responses(text).responses.length < expected.length) {
        await within(what, once(socket, "data"));
      }
    }
    const { responses, rest } = readHttp1Responses(text);
    assertEquals(responses.map(({ status }) => status), expected);
    assertEquals(rest, "");
    socket.destroy();
  }, { onError() {} });
});

for (const [protocol, withNodeServer] of Object.entries(PROTOCOLS)) {
  Deno.test(`toNodeHandler() answers HEAD with an event stream's headers, and releases its source, ${protocol}`, async () => {
    const sessions: EventSession[] = [];
    const closed = Promise.withResolvers<string>();
    await using channel = new EventChannel();
    const handler = (request: Request) => {
      // As a router does that answers HEAD by what it answers to GET.
      const get = new Request(request.url);
      if (request.url.endsWith("/channel")) {
        return channel.serve(get, { onClose: closed.resolve });
      }
      return serveEvents(get, (session) => void sessions.push(session));
    };
    await withNodeServer(handler, async ({ begin }) => {
      for (const path of ["/channel", "/session"]) {
        const exchange = begin({ method: "HEAD", path });
        exchange.upload.end();
        const { status, headers } = await within("the head", exchange.head);
        assertEquals([status, headers["content-type"]], [
          200,
          "text/event-stream",
        ]);
        assertEquals(await readText(exchange.body()), "");
      }
      assertEquals(await within("onClose", closed.promise), "client");
    });
    assertEquals(sessions, []);
  });

  Deno.test(`toNodeHandler() gives a request that is a Request in all that is done with it, ${protocol}`, async () => {
    const uses: Record<string, (request: Request) => unknown> = {
      instanceof: (request) => request instanceof Request,
      method: ({ method }) => method,
      body: ({ body }) => body,
      header: ({ headers }) => headers.get("x-header"),
      "the same headers": (request) => request.headers === request.headers,
      "the same signal": (request) => request.signal === request.signal,
      "a header that was set": (request) => {
        request.headers.set("x-header", "b");
        return new Request(request).headers.get("x-header");
      },
      text: (request) => request.clone().text(),
      clone: (request) => request.clone().headers.get("x-header"),
      "new Request()": (request) => {
        const copy = new Request(request, { headers: { "x-header": "c" } });
        return [copy.url === request.url, copy.headers.get("x-header")];
      },
      "a request as the options": (request) => {
        const copy = new Request("http://other/", request);
        return [copy.method, copy.headers.get("x-header")];
      },
      "a property of the application": (request) =>
        Object.assign(request, { user: "d" }).user,
      string: (request) => String(request),
      url: (request) => new URL(request.url).pathname,
    };
    const results: Record<string, unknown> = {};
    const handler = async (request: Request) => {
      const use = decodeURIComponent(new URL(request.url).pathname.slice(1));
      results[use] = await uses[use]!(request);
      return new Response();
    };
    await withNodeServer(handler, async ({ begin }) => {
      for (const use of Object.keys(uses)) {
        const exchange = begin({
          path: `/${encodeURIComponent(use)}`,
          headers: { "x-header": "a" },
        });
        exchange.upload.end();
        assertEquals((await within(use, exchange.head)).status, 200, use);
        await readText(exchange.body());
      }
    });
    assertEquals(results, {
      instanceof: true,
      method: "GET",
      body: null,
      header: "a",
      "the same headers": true,
      "the same signal": true,
      "a header that was set": "b",
      text: "",
      clone: "a",
      "new Request()": [true, "c"],
      "a request as the options": ["GET", "a"],
      "a property of the application": "d",
      string: "[object Request]",
      url: "/url",
    });
  });

  Deno.test(`toNodeHandler() aborts the signals of all requests that were made of one, ${protocol}`, async () => {
    const begun = Promise.withResolvers<AbortSignal[]>();
    const handler = (request: Request) => {
      begun.resolve([
        request.signal,
        request.clone().signal,
        new Request(request).signal,
      ]);
      return new Promise<Response>(() => {});
    };
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      const signals = await within("the request", begun.promise);
      assertEquals(signals.map(({ aborted }) => aborted), [
        false,
        false,
        false,
      ]);
      exchange.leave();
      for (const signal of signals) {
        if (!signal.aborted) await within("abort", once(signal, "abort"));
      }
    });
  });

  Deno.test(`toNodeHandler() gives a response that is a Response in all that is done with it, ${protocol}`, async () => {
    let result: unknown;
    const handler = async (request: Request) => {
      const response = serveEvents(request, [{ data: "a" }]);
      const copy = response.clone();
      result = [
        response instanceof Response,
        String(response),
        response.ok,
        response.status,
        response.bodyUsed,
        response.headers === response.headers,
        copy.headers.get("content-type"),
        await copy.text(),
      ];
      return response;
    };
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      await within("the head", exchange.head);
      assertEquals(await readText(exchange.body()), "data: a\n\n");
    });
    assertEquals(result, [
      true,
      "[object Response]",
      true,
      200,
      false,
      true,
      "text/event-stream",
      "data: a\n\n",
    ]);
  });
}
