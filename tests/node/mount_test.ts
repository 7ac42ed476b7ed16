// Copyright 2026 the Tidings authors. MIT license.

/** A listener of `toNodeHandler()` that a framework has mounted behind its middlewares. */

import { assertEquals, assertMatch } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { serveEvents } from "../../server.ts";
import {
  exchangeRaw,
  type NodeServerOptions,
  PROTOCOLS,
  readText,
  withHttp1Server,
} from "../support/node_server.ts";
import { within } from "../support/within.ts";

type Mount = NonNullable<NodeServerOptions["mount"]>;
type HeaderValues = Record<string, string | number | string[]>;

/** Cuts a path off, as Express, Connect and Polka do. */
function mountAt(path: string): Mount {
  return (listener) => (incoming, outgoing) => {
    const originalUrl = incoming.url!;
    const rest = originalUrl.slice(path.length);
    incoming.url = rest.startsWith("/") ? rest : `/${rest}`;
    listener(Object.assign(incoming, { originalUrl }), outgoing);
  };
}

/** Sets headers on the response, as a middleware does. */
function setting(headers: HeaderValues): Mount {
  return (listener) => (incoming, outgoing) => {
    for (const [name, value] of Object.entries(headers)) {
      outgoing.setHeader(name, value);
    }
    listener(incoming, outgoing);
  };
}

interface Row {
  name: string;
  /** What the middleware sets. */
  kept: HeaderValues;
  /** What the handler gives. */
  own: [string, string][];
  /** What the client gets. */
  sent: Record<string, string | string[] | undefined>;
}

const ROWS: Row[] = [
  {
    name: "a cookie",
    kept: { "set-cookie": "a=1" },
    own: [],
    sent: { "set-cookie": ["a=1"] },
  },
  {
    name: "a cookie beside ours",
    kept: { "Set-Cookie": "a=1" },
    own: [["set-cookie", "b=2"]],
    sent: { "set-cookie": ["a=1", "b=2"] },
  },
  {
    name: "cookies beside ours, and each once",
    kept: { "set-cookie": ["a=1", "b=2, 3"] },
    own: [["set-cookie", "c=4"], ["set-cookie", "a=1"]],
    sent: { "set-cookie": ["a=1", "b=2, 3", "c=4"] },
  },
  {
    name: '"vary"',
    kept: { vary: "Accept-Encoding" },
    own: [],
    sent: { vary: "Accept-Encoding" },
  },
  {
    name: '"vary" beside ours, and each name once',
    kept: { Vary: ["Origin", "Accept-Encoding"] },
    own: [["vary", "accept-encoding , Accept"]],
    sent: { vary: "Origin, Accept-Encoding, Accept" },
  },
  {
    name: '"vary" of all',
    kept: { vary: "*" },
    own: [["vary", "origin"]],
    sent: { vary: "*, origin" },
  },
  {
    name: "other lists beside ours",
    kept: {
      "access-control-expose-headers": "X-A",
      "link": '</a>; title="b, c"',
      "server-timing": ["a", "b"],
    },
    own: [
      ["access-control-expose-headers", "x-b, x-a"],
      ["link", "</d>"],
      ["server-timing", "c"],
    ],
    sent: {
      "access-control-expose-headers": "X-A, x-b",
      "link": '</a>; title="b, c", </d>',
      "server-timing": "a, b, c",
    },
  },
  {
    name: "headers that the handler does not give",
    kept: { "x-header": "a", "x-number": 1, "x-powered-by": "b" },
    own: [["x-other", "c"]],
    sent: {
      "x-header": "a",
      "x-number": "1",
      "x-powered-by": "b",
      "x-other": "c",
    },
  },
  {
    name: "no header that the handler gives anew",
    kept: { "cache-control": "public", "content-type": "text/html" },
    own: [["cache-control", "no-store"], ["content-type", "text/plain"]],
    sent: { "cache-control": "no-store", "content-type": "text/plain" },
  },
  {
    name: "no length of another body",
    kept: { "content-length": 3 },
    own: [],
    sent: { "content-length": undefined },
  },
];

function pick(
  headers: Record<string, unknown>,
  { sent }: Row,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(sent).map((name) => [name, headers[name]]),
  );
}

for (const [protocol, withNodeServer] of Object.entries(PROTOCOLS)) {
  for (
    const [path, target] of [
      ["/mount", "/mount/a?b=c%20d"],
      ["/mount", "/mount"],
      ["/mount", "/mount?b"],
      ["/a/b", "/a/b/a/b"],
      ["", "//other/a"],
    ]
  ) {
    Deno.test(`toNodeHandler() gives the URL ${target} under "${path}", ${protocol}`, async () => {
      const urls: string[] = [];
      const handler = (request: Request) => {
        urls.push(request.url);
        return new Response(null, { status: 204 });
      };
      await withNodeServer(handler, async ({ port, begin }) => {
        for (const method of ["GET", "POST"]) {
          const exchange = begin({ method, path: target! });
          exchange.upload.end();
          await within("the head", exchange.head);
          assertEquals(urls.pop(), `http://127.0.0.1:${port}${target}`);
        }
      }, { mount: mountAt(path!) });
    });
  }

  for (const originalUrl of [undefined, null, 1, "", "a", "*"]) {
    Deno.test(`toNodeHandler() takes no URL of ${JSON.stringify(originalUrl)}, ${protocol}`, async () => {
      const handler = ({ url }: Request) => new Response(url);
      await withNodeServer(handler, async ({ port, begin }) => {
        const exchange = begin({ path: "/b" });
        exchange.upload.end();
        await within("the head", exchange.head);
        const text = await readText(exchange.body());
        assertEquals(text, `http://127.0.0.1:${port}/b`);
      }, {
        mount: (listener) => (incoming, outgoing) =>
          listener(Object.assign(incoming, { originalUrl }), outgoing),
      });
    });
  }

  for (const row of ROWS) {
    Deno.test(`toNodeHandler() keeps ${row.name} that a middleware has set, ${protocol}`, async () => {
      const handler = (request: Request) => {
        const path = new URL(request.url).pathname;
        const headers = new Headers(row.own);
        if (path === "/response") return new Response("a", { headers });
        if (path === "/empty") return new Response(null, { headers });
        return serveEvents(request, [{ data: "a" }], { headers });
      };
      await withNodeServer(handler, async ({ begin }) => {
        for (const path of ["/response", "/empty", "/events"]) {
          if (path === "/events" && "content-type" in row.sent) continue;
          for (const method of ["GET", "HEAD"]) {
            const exchange = begin({ path, method });
            exchange.upload.end();
            const { headers } = await within("the head", exchange.head);
            assertEquals(pick(headers, row), row.sent, `${method} ${path}`);
            await within("the body", readText(exchange.body()));
          }
        }
      }, { mount: setting(row.kept) });
    });
  }

  Deno.test(`toNodeHandler() keeps "vary" beside that of a channel, ${protocol}`, async () => {
    const channel = new EventChannel();
    const handler = (request: Request) =>
      channel.serve(request, { cors: { origins: ["http://a"] } });
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin({ headers: { origin: "http://a" } });
      exchange.upload.end();
      const { headers } = await within("the head", exchange.head);
      assertMatch(String(headers["vary"]), /^X-A, .*\borigin$/i);
      await channel.close();
    }, { mount: setting({ vary: "X-A" }) });
  });

  Deno.test(`toNodeHandler() keeps what a middleware has set where the response is refused, ${protocol}`, async () => {
    const handler = () =>
      new Response("a", {
        // The handler's cookie is not for a response that says it has failed.
        headers: [["set-cookie", "b=2"], ["x-header", "a\x01"]],
      });
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      const { status, headers } = await within("the head", exchange.head);
      assertEquals([status, headers["set-cookie"]], [500, ["a=1"]]);
    }, { mount: setting({ "set-cookie": "a=1" }), onError: () => {} });
  });

  Deno.test(`toNodeHandler() keeps what a middleware has set where Node refuses the head, ${protocol}`, async () => {
    const handler = () =>
      new Response("a", { headers: { "set-cookie": "b=2", "x-header": "c" } });
    const mount: Mount = (listener) => (incoming, outgoing) => {
      outgoing.setHeader("set-cookie", "a=1");
      const writeHead = outgoing.writeHead.bind(outgoing);
      outgoing.writeHead = (status: number, headers: unknown) => {
        if (status !== 200) return writeHead(status, headers as HeaderValues);
        for (const [name, value] of Object.entries(headers as HeaderValues)) {
          outgoing.setHeader(name, value);
        }
        throw new Error("refused");
      };
      listener(incoming, outgoing);
    };
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      const { status, headers } = await within("the head", exchange.head);
      assertEquals([status, headers["set-cookie"]], [500, ["a=1"]]);
      assertEquals(headers["x-header"], undefined);
    }, { mount, onError: () => {} });
  });
}

Deno.test("toNodeHandler() gives the URL of a request to a proxy under a mount", async () => {
  const handler = ({ url }: Request) => new Response(url);
  const mount: Mount = (listener) => (incoming, outgoing) => {
    const originalUrl = incoming.url;
    incoming.url = "http://other:2/a";
    listener(Object.assign(incoming, { originalUrl }), outgoing);
  };
  await withHttp1Server(handler, async ({ port }) => {
    const head = "GET http://other:2/mount/a HTTP/1.1\r\nhost: host:1";
    const answer = await exchangeRaw(port, head);
    assertMatch(answer, /\r\nhttp:\/\/other:2\/mount\/a\r\n/);
  }, { mount });
});
