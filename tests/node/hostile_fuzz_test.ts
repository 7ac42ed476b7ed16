// Copyright 2026 the Tidings authors. MIT license.

/**
 * Random responses through the bridge, from an upstream and from a handler: none ends the
 * process, and none shows on its connection as another response.
 */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { once } from "node:events";
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import process from "node:process";
import type { FetchHandler } from "../../node/mod.ts";
import {
  PROTOCOLS,
  readText,
  withHttp1Server,
} from "../support/node_server.ts";
import { checkAsyncProperty, type Random } from "../support/random.ts";
import { within } from "../support/within.ts";
import { readHttp1Responses } from "./_http1.ts";

const RUNS = 200;
const GOOD = "This one is good.";
/** What a smuggled response would begin with. */
const SMUGGLED = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";

const STATUSES = [0, 99, 100, 101, 103, 200, 200, 200, 204, 205, 301, 304];
const MORE_STATUSES = [404, 404, 500, 599, 600, 799, 999, 1000];
const TEXTS = ["", "OK", "Не найдено", "a\x01", "\xe9", "\x7f", "a\tb", "\x80"];
const NAMES = [
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "http2-settings",
  "keep-alive",
  "location",
  "proxy-connection",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "__proto__",
  "constructor",
  "x-header",
];
const VALUES = [
  "0",
  "1",
  "4",
  "61",
  "-1",
  "1, 1",
  "chunked",
  "identity",
  "gzip",
  "gzip, chunked",
  "close",
  "keep-alive",
  "trailers",
  "x-header",
  "a\x01b",
  "\x7f",
  "caf\xe9",
  "",
];
/**
 * The names that an upstream may send. In Node 20, the body of a `fetch` never ends if its
 * gzip is broken and the connection ends it.
 */
const UPSTREAM_NAMES = process.versions.node.startsWith("20.")
  ? NAMES.filter((name) => name !== "content-encoding")
  : NAMES;
const BODIES = ["", "a", "abcd", SMUGGLED, "\r\n\r\n", "0\r\n\r\n"];

/** A response as a handler may make it, or as `fetch` may give it. */
function randomResponse(random: Random): Response {
  const headers = new Headers();
  for (let count = random.below(4); count > 0; count--) {
    headers.append(random.pick(NAMES), random.pick(VALUES));
  }
  const body = random.pick(BODIES);
  const response = new Response(body === "" ? null : body, { headers });
  const status = random.pick([...STATUSES, ...MORE_STATUSES]);
  Object.defineProperty(response, "status", { value: status });
  Object.defineProperty(response, "statusText", { value: random.pick(TEXTS) });
  return response;
}

/** The bytes of an upstream's response, as text of one character for each byte. */
function randomBytes(random: Random): string {
  const status = random.pick([...STATUSES, ...MORE_STATUSES]);
  const text = new TextDecoder("latin1").decode(
    new TextEncoder().encode(random.pick(TEXTS)),
  );
  const lines = [`HTTP/1.1 ${status} ${text}`];
  for (let count = random.below(4); count > 0; count--) {
    lines.push(`${random.pick(UPSTREAM_NAMES)}: ${random.pick(VALUES)}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n${random.pick(BODIES)}`;
}

/** Sends a request and a good one behind it, and reads all that comes. */
async function askTwice(port: number): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
  const closed = new Promise<void>((resolve) =>
    socket.on("error", () => {}).on("close", () => resolve())
  );
  let text = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk) => text += chunk);
  const head = "HTTP/1.1\r\nhost: a\r\n";
  socket.write(
    `GET / ${head}\r\nGET /good ${head}connection: close\r\n\r\n`,
  );
  await within("the end", closed);
  return text;
}

/**
 * Checks that what came is a response and then the good one, or the connection's end.
 *
 * @returns Whether the good one came.
 */
function checkApart(text: string): boolean {
  const { responses } = readHttp1Responses(text);
  assert(responses.length <= 2, text);
  const [, second] = responses;
  if (second !== undefined) assertEquals(second.body, GOOD, text);
  return second !== undefined;
}

function isGood({ url }: Request): boolean {
  return url.endsWith("/good");
}

Deno.test("toNodeHandler() keeps random responses apart, and lives, HTTP/1.1", async () => {
  let random!: Random;
  const handler: FetchHandler = (request) =>
    isGood(request) ? new Response(GOOD) : randomResponse(random);
  await withHttp1Server(handler, async ({ port }) => {
    let good = 0;
    await checkAsyncProperty(RUNS, async (own) => {
      random = own;
      if (checkApart(await askTwice(port))) good++;
    });
    assertGreater(good, RUNS / 2);
  }, { onError() {} });
});

Deno.test("toNodeHandler() keeps random responses of an upstream apart, and lives", async () => {
  let bytes = "";
  const upstream = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(bytes, "latin1"));
  });
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const { port: upstreamPort } = upstream.address() as AddressInfo;
  const url = `http://127.0.0.1:${upstreamPort}/`;
  const handler: FetchHandler = (request) =>
    isGood(request)
      ? new Response(GOOD)
      : fetch(url, { redirect: "manual", signal: request.signal });
  await withHttp1Server(handler, async ({ port }) => {
    let good = 0;
    await checkAsyncProperty(RUNS, async (random) => {
      bytes = randomBytes(random);
      if (checkApart(await askTwice(port))) good++;
    });
    assertGreater(good, RUNS / 2);
  }, { onError() {} });
  const closed = once(upstream, "close");
  upstream.close();
  await within("the upstream closes", closed);
});

Deno.test("toNodeHandler() lets no random response end its connection, HTTP/2", async () => {
  let random!: Random;
  const handler: FetchHandler = (request) =>
    isGood(request) ? new Response(GOOD) : randomResponse(random);
  await PROTOCOLS["HTTP/2"]!(handler, async ({ port }) => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    session.on("error", () => {});
    const ask = async (path: string): Promise<string> => {
      const stream = session.request({ ":path": path });
      try {
        return await within("the end", readText(stream));
      } catch (error) {
        return `broken: ${error}`;
      }
    };
    await checkAsyncProperty(RUNS, async (own) => {
      random = own;
      await ask("/");
      assertEquals(await ask("/good"), GOOD);
    });
    const closed = once(session, "close");
    session.close();
    await within("the session closes", closed);
  }, { onError() {} });
});
