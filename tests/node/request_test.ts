// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { once } from "node:events";
import net from "node:net";
import {
  exchangeRaw,
  PROTOCOLS,
  readText,
  untilSteady,
  withHttp1Server,
} from "../support/node_server.ts";
import { within } from "../support/within.ts";

for (const [protocol, withNodeServer] of Object.entries(PROTOCOLS)) {
  Deno.test(`toNodeHandler() hands on the request, ${protocol}`, async () => {
    const handler = async (request: Request) =>
      Response.json({
        method: request.method,
        url: request.url,
        header: request.headers.get("x-header"),
        body: await request.text(),
      });
    await withNodeServer(handler, async ({ port, begin }) => {
      const exchange = begin({
        method: "POST",
        path: "/a/b?c=d%20e",
        headers: { "x-header": "f, g" },
      });
      exchange.upload.end("the body");
      await exchange.head;
      assertEquals(JSON.parse(await readText(exchange.body())), {
        method: "POST",
        url: `http://127.0.0.1:${port}/a/b?c=d%20e`,
        header: "f, g",
        body: "the body",
      });
    });
  });

  Deno.test(`toNodeHandler() hands on each chunk of a request before the next is there, ${protocol}`, async () => {
    const handler = ({ body }: Request) => new Response(body);
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin({ method: "POST" });
      exchange.upload.write("a");
      await within("the head", exchange.head);
      const chunks = exchange.body()[Symbol.asyncIterator]();
      assertEquals(String((await within("a", chunks.next())).value), "a");
      exchange.upload.write("b");
      assertEquals(String((await within("b", chunks.next())).value), "b");
      exchange.upload.end();
      assertEquals((await within("the end", chunks.next())).done, true);
    });
  });

  for (const what of ["nothing", "one chunk"]) {
    Deno.test(`toNodeHandler() stops reading a request that the handler takes ${what} of, ${protocol}`, async () => {
      const { promise: read, resolve: letRead } = Promise.withResolvers<void>();
      const handler = async (request: Request) => {
        let size = 0;
        if (what === "nothing") await read;
        // It has a body: the method is POST.
        for await (const chunk of request.body!) {
          size += chunk.byteLength;
          await read;
        }
        return new Response(String(size));
      };
      await withNodeServer(handler, async ({ begin }) => {
        const exchange = begin({ method: "POST" });
        const size = 32 * 2 ** 20;
        let sent = 0;
        const piece = new Uint8Array(2 ** 12);
        const sending = (async () => {
          for (; sent < size; sent += piece.length) {
            if (!exchange.upload.write(piece)) {
              await once(exchange.upload, "drain");
            }
          }
          exchange.upload.end();
        })();
        await untilSteady(() => sent);
        assertLess(sent, size / 2);
        letRead();
        await within("sending", sending);
        await within("the head", exchange.head);
        assertEquals(await readText(exchange.body()), String(size));
      });
    });
  }

  Deno.test(`toNodeHandler() fails the body of a request whose client leaves, ${protocol}`, async () => {
    const begun = Promise.withResolvers<void>();
    const failed = Promise.withResolvers<Error>();
    const handler = async (request: Request) => {
      begun.resolve();
      failed.resolve(await assertRejects(() => request.text(), DOMException));
      return new Response();
    };
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin({ method: "POST" });
      exchange.upload.write("a");
      await within("the request", begun.promise);
      exchange.leave();
      const error = await within("the failure", failed.promise);
      assertEquals(error.name, "AbortError");
    });
  });
}

for (
  const [target, url] of [
    ["/a?b", "http://host:1/a?b"],
    ["//other/a", "http://host:1//other/a"],
    ["http://other:2/a", "http://other:2/a"],
    ["*", "http://host:1/*"],
  ]
) {
  Deno.test(`toNodeHandler() makes a URL of the target ${target}`, async () => {
    await withHttp1Server(({ url }) => new Response(url), async ({ port }) => {
      const head = `OPTIONS ${target} HTTP/1.1\r\nhost: host:1`;
      const answer = await exchangeRaw(port, head);
      assert(answer.includes(`\r\n${url}\r\n`), answer);
    });
  });
}

for (
  const [what, head] of [
    ["a host that is none", "GET / HTTP/1.1\r\nhost: a b"],
    ["a method that Request refuses", "TRACE / HTTP/1.1\r\nhost: a"],
  ]
) {
  Deno.test(`toNodeHandler() answers with 400 to ${what}`, async () => {
    let isCalled = false;
    const handler = () => {
      isCalled = true;
      return new Response();
    };
    await withHttp1Server(handler, async ({ port }) => {
      const answer = await exchangeRaw(port, head!);
      assert(answer.startsWith("HTTP/1.1 400 "), answer);
    });
    assertEquals(isCalled, false);
  });
}

Deno.test("toNodeHandler() drops the rest of a request, and the connection is free again", async () => {
  let requests = 0;
  const handler = async (request: Request) => {
    // The second time nothing is read, the first time only a part.
    if (requests++ === 0) await request.body?.getReader().read();
    return new Response("done");
  };
  await withHttp1Server(handler, async ({ port }) => {
    const socket = net.connect(port, "127.0.0.1");
    const size = 2 ** 20;
    const post =
      `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${size}\r\n\r\n`;
    for (let i = 0; i < 2; i++) {
      socket.write(post);
      socket.write(new Uint8Array(size));
    }
    socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    const answers = await within("the answers", readText(socket));
    assertEquals(answers.match(/done/g)?.length, 3);
    assertEquals(requests, 3);
  });
});
