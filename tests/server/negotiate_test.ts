// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { EventRuns } from "../../runs/mod.ts";
import {
  type CorsOptions,
  serveEvents,
  type ServeEventsOptions,
  stopReconnecting,
} from "../../server.ts";
import { serveSocket } from "../../socket/server.ts";

const FEED_URL = "http://localhost/feed";
const ORIGIN = "https://app.example";

function makeRequest(
  method: string,
  headers: Record<string, string> = {},
): Request {
  return new Request(FEED_URL, { method, headers });
}

/** The answer; what body it has is not read. */
async function answer(
  request: Request,
  options: ServeEventsOptions = {},
): Promise<Response> {
  const response = serveEvents(request, [], options);
  await response.body?.cancel();
  return response;
}

async function answerHeaders(
  request: Request,
  options: ServeEventsOptions = {},
): Promise<Record<string, string>> {
  return Object.fromEntries((await answer(request, options)).headers);
}

const STREAM_HEADERS = {
  "cache-control": "no-store, no-transform",
  "content-type": "text/event-stream",
  "x-accel-buffering": "no",
};

Deno.test("serveEvents() sends the headers of an event stream and no others", async () => {
  assertEquals(await answerHeaders(makeRequest("GET")), STREAM_HEADERS);
});

Deno.test("serveEvents() answers HEAD with the headers alone", () => {
  const response = serveEvents(makeRequest("HEAD"), []);
  assertEquals(response.status, 200);
  assertEquals(response.body, null);
  assertEquals(Object.fromEntries(response.headers), STREAM_HEADERS);
});

Deno.test("serveEvents() answers OPTIONS with 204 and the methods", async () => {
  const response = serveEvents(makeRequest("OPTIONS"), []);
  assertEquals(response.status, 204);
  assertEquals(Object.fromEntries(response.headers), {
    "allow": "GET, HEAD, OPTIONS",
    "cache-control": "no-store, no-transform",
  });
  await response.body?.cancel();
});

for (const method of ["POST", "PUT", "DELETE", "PATCH", "BREW"]) {
  Deno.test(`serveEvents() answers ${method} with 405 and the methods`, async () => {
    const response = serveEvents(makeRequest(method), []);
    assertEquals(response.status, 405);
    assertEquals(response.headers.get("allow"), "GET, HEAD, OPTIONS");
    assertEquals(
      response.headers.get("cache-control"),
      "no-store, no-transform",
    );
    assertEquals(
      await response.text(),
      'Cannot serve events: expected the method GET, HEAD or OPTIONS; the option "methods" of the server allows others',
    );
  });
}

Deno.test("serveEvents() serves the methods it is told to, and only those", async () => {
  const options = { methods: ["POST"] };
  assertEquals((await answer(makeRequest("POST"), options)).status, 200);
  for (const method of ["GET", "HEAD"]) {
    const response = await answer(makeRequest(method), options);
    assertEquals(response.status, 405);
    assertEquals(response.headers.get("allow"), "POST, OPTIONS");
  }
});

Deno.test("serveEvents() names each method once in Allow", async () => {
  const options = { methods: ["GET", "HEAD"] };
  const response = await answer(makeRequest("POST"), options);
  assertEquals(response.headers.get("allow"), "GET, HEAD, OPTIONS");
});

const ACCEPT_ROWS: { accept: string; status: number }[] = [
  { accept: "text/event-stream", status: 200 },
  { accept: "TEXT/Event-Stream", status: 200 },
  { accept: "text/event-stream;charset=utf-8", status: 200 },
  { accept: "text/*", status: 200 },
  { accept: "*/*", status: 200 },
  { accept: "", status: 200 },
  { accept: "text/html, */*;q=0.1", status: 200 },
  { accept: "application/json,text/event-stream", status: 200 },
  { accept: "text/event-stream;q=0.001", status: 200 },
  { accept: "*/*;q=0, text/event-stream", status: 200 },
  { accept: "text/*;q=0, text/event-stream;q=0.5", status: 200 },
  { accept: "text/event-stream;q=x", status: 200 },
  { accept: "text/event-stream, text/event-stream;q=0", status: 200 },
  { accept: "application/json", status: 406 },
  { accept: "text/html, application/xhtml+xml", status: 406 },
  { accept: "text/event-streaming", status: 406 },
  { accept: "text", status: 406 },
  { accept: "text/event-stream;q=0", status: 406 },
  { accept: "text/event-stream ; Q=0.000", status: 406 },
  { accept: "text/event-stream;level=1;q=0", status: 406 },
  { accept: "text/event-stream;q=0, */*", status: 406 },
  { accept: "text/event-stream;q=0, text/*", status: 406 },
  { accept: "text/*;q=0, */*", status: 406 },
  { accept: "*/*;q=0", status: 406 },
];

for (const { accept, status } of ACCEPT_ROWS) {
  Deno.test(`serveEvents() answers Accept ${JSON.stringify(accept)} with ${status}`, async () => {
    const response = await answer(makeRequest("GET", { accept }));
    assertEquals(response.status, status);
  });
}

Deno.test("serveEvents() serves a POST whatever it accepts, as the SDKs of models send it", async () => {
  const request = new Request("http://localhost/", {
    method: "POST",
    headers: { accept: "application/json" },
  });
  const response = serveEvents(request, [{ data: "a" }], { methods: ["POST"] });
  assertEquals(response.status, 200);
  assertEquals(await response.text(), "data: a\n\n");
});

Deno.test("serveEvents() answers HEAD with 406 where it would GET", async () => {
  const request = makeRequest("HEAD", { accept: "text/html" });
  assertEquals((await answer(request)).status, 406);
});

Deno.test("serveEvents() adds the user's headers to every answer, cookies one by one", async () => {
  const headers = new Headers({ "x-served-by": "me" });
  headers.append("set-cookie", "a=1");
  headers.append("set-cookie", "b=2");
  const requests = [
    makeRequest("GET"),
    makeRequest("HEAD"),
    makeRequest("OPTIONS"),
    makeRequest("POST"),
    makeRequest("GET", { accept: "text/html" }),
  ];
  for (const request of requests) {
    const response = await answer(request, { headers });
    assertEquals(response.headers.get("x-served-by"), "me");
    assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
  }
});

Deno.test("serveEvents() lets the user's headers replace what may be replaced", async () => {
  const headers = { "cache-control": "no-cache", "x-accel-buffering": "yes" };
  assertEquals(await answerHeaders(makeRequest("GET"), { headers }), {
    ...headers,
    "cache-control": "no-cache, no-transform",
    "content-type": "text/event-stream",
  });
});

for (
  const name of [
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Transfer-Encoding",
    "Upgrade",
    "Content-Length",
    "Content-Type",
  ]
) {
  Deno.test(`serveEvents() throws TypeError if headers has ${name}`, () => {
    assertThrows(
      () => serveEvents(makeRequest("GET"), [], { headers: { [name]: "1" } }),
      TypeError,
      `Cannot serve events: "headers" has "${name.toLowerCase()}", which only the server may set`,
    );
  });
}

Deno.test("stopReconnecting() answers with 204, the user's headers and CORS", () => {
  const response = stopReconnecting(makeRequest("GET", { origin: ORIGIN }), {
    headers: { "x-served-by": "me" },
    cors: { origins: [ORIGIN], credentials: true },
  });
  assertEquals(response.status, 204);
  assertEquals(response.body, null);
  assertEquals(Object.fromEntries(response.headers), {
    "access-control-allow-credentials": "true",
    "access-control-allow-origin": ORIGIN,
    "cache-control": "no-store, no-transform",
    "vary": "Origin",
    "x-served-by": "me",
  });
});

Deno.test("stopReconnecting() answers a preflight", () => {
  const request = makeRequest("OPTIONS", {
    origin: ORIGIN,
    "access-control-request-method": "GET",
    "access-control-request-headers": "last-event-id",
  });
  const response = stopReconnecting(request, { cors: { origins: [ORIGIN] } });
  assertEquals(response.status, 204);
  assertEquals(
    response.headers.get("access-control-allow-headers"),
    "last-event-id",
  );
  assert(response.headers.has("access-control-allow-methods"));
});

type Serve = (request: Request, cors: CorsOptions) => Promise<Response>;

/** What answers requests for event streams, and with which status here. */
const ROOMS: [room: string, status: number, serve: Serve][] = [
  ["serveEvents()", 200, async (request, cors) => {
    return await serveEvents(request, [], { cors });
  }],
  ["EventChannel.serve()", 200, async (request, cors) => {
    await using channel = new EventChannel();
    return channel.serve(request, { cors });
  }],
  ["EventChannel.serve() of a full channel", 503, async (request, cors) => {
    await using channel = new EventChannel({ maxSubscribers: 0 });
    return channel.serve(request, { cors });
  }],
  ["EventRuns.serve()", 200, async (request, cors) => {
    await using runs = new EventRuns();
    await runs.start("a", () => [{ data: "1" }]);
    return await runs.serve("a", request, { cors });
  }],
  ["EventRuns.serve() of an unknown run", 404, async (request, cors) => {
    await using runs = new EventRuns();
    return await runs.serve("unknown", request, { cors });
  }],
  ["serveSocket()", 400, async (request, cors) => {
    return await serveSocket(request, () => {}, { cors });
  }],
  ["stopReconnecting()", 204, async (request, cors) => {
    return await stopReconnecting(request, { cors });
  }],
];

for (const [room, status, serve] of ROOMS) {
  Deno.test(`${room} decides once about a request`, async () => {
    let calls = 0;
    const request = makeRequest("GET", { origin: ORIGIN });
    const response = await serve(request, {
      origins: () => {
        calls++;
        return true;
      },
    });
    await response.body?.cancel();
    assertEquals(response.status, status);
    assertEquals(response.headers.get("access-control-allow-origin"), ORIGIN);
    assertEquals(calls, 1);
  });
}

Deno.test("serveEvents() throws TypeError for a request of node:http", () => {
  const request = { headers: {}, url: "/", method: "GET", rawHeaders: [] };
  assertThrows(
    () => serveEvents(request as unknown as Request, []),
    TypeError,
    'Cannot serve events: expected "request" to be a Request, got a request of node:http, for which "toNodeHandler" makes one',
  );
});
