// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { once } from "node:events";
import process from "node:process";
import type { FetchHandler } from "../../node/mod.ts";
import { type EventSession, serveEvents } from "../../server.ts";
import {
  exchangeRaw,
  PROTOCOLS,
  readText,
  untilSteady,
  withHttp1Server,
} from "../support/node_server.ts";
import { within } from "../support/within.ts";

const ENCODER = new TextEncoder();

for (const [protocol, withNodeServer] of Object.entries(PROTOCOLS)) {
  Deno.test(`toNodeHandler() sends status and headers, ${protocol}`, async () => {
    const headers = new Headers({ "x-header": "a" });
    headers.append("set-cookie", "b=c");
    headers.append("set-cookie", "d=e");
    const handler = () => new Response("f", { status: 418, headers });
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      const head = await exchange.head;
      assertEquals(head.status, 418);
      assertEquals(head.headers["x-header"], "a");
      assertEquals(head.headers["set-cookie"], ["b=c", "d=e"]);
      assertEquals(await readText(exchange.body()), "f");
    });
  });

  Deno.test(`toNodeHandler() sends the headers that a handler has added to one stream with that alone, ${protocol}`, async () => {
    const handler: FetchHandler = (request) => {
      const response = serveEvents(request, [{ data: "a" }]);
      const { pathname } = new URL(request.url);
      if (pathname !== "/plain") response.headers.set("x-path", pathname);
      return response;
    };
    await withNodeServer(handler, async ({ begin }) => {
      for (const path of ["/plain", "/a", "/plain", "/b", "/plain"]) {
        const exchange = begin({ path });
        exchange.upload.end();
        const { headers } = await within("the head", exchange.head);
        const expected = path === "/plain" ? undefined : path;
        assertEquals(headers["x-path"], expected);
        assertEquals(headers["content-type"], "text/event-stream");
        assertEquals(headers["cache-control"], "no-store, no-transform");
        assertEquals(headers["x-accel-buffering"], "no");
        assertEquals(await readText(exchange.body()), "data: a\n\n");
      }
    });
  });

  Deno.test(`toNodeHandler() answers HEAD with the headers and cancels the body, ${protocol}`, async () => {
    const { promise: cancelled, resolve } = Promise.withResolvers<void>();
    const handler = () =>
      new Response(new ReadableStream({ cancel: () => resolve() }), {
        headers: { "x-header": "a" },
      });
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin({ method: "HEAD" });
      exchange.upload.end();
      const { status, headers } = await exchange.head;
      assertEquals([status, headers["x-header"]], [200, "a"]);
      assertEquals(await readText(exchange.body()), "");
      await within("cancel()", cancelled);
    });
  });

  Deno.test(`toNodeHandler() sends each chunk before the next is there, ${protocol}`, async () => {
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const handler = () =>
      new Response(
        new ReadableStream({ start: (own) => void (controller = own) }),
      );
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      await within("the head", exchange.head);
      const chunks = exchange.body()[Symbol.asyncIterator]();
      for (const text of ["a", "b", "c"]) {
        controller.enqueue(ENCODER.encode(text));
        const { value } = await within(text, chunks.next());
        assertEquals(String(value), text);
      }
      controller.close();
      assertEquals((await within("the end", chunks.next())).done, true);
    });
  });

  Deno.test(`toNodeHandler() aborts the signal and cancels the body when the client leaves, ${protocol}`, async () => {
    const { promise: aborted, resolve: abort } = Promise.withResolvers<
      Request
    >();
    const { promise: cancelled, resolve: cancel } = Promise.withResolvers<
      unknown
    >();
    const errors: unknown[] = [];
    const handler = (request: Request) => {
      request.signal.addEventListener("abort", () => abort(request));
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(ENCODER.encode("a")),
          cancel: (reason) => cancel(reason),
        }),
      );
    };
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      await exchange.head;
      await once(exchange.body(), "readable");
      exchange.leave();
      const { signal } = await within("abort", aborted);
      assertEquals(signal.reason.name, "AbortError");
      assertEquals(await within("cancel()", cancelled), signal.reason);
    }, { onError: (error) => void errors.push(error) });
    assertEquals(errors, []);
  });

  Deno.test(`toNodeHandler() cancels the body of a response that comes too late, ${protocol}`, async () => {
    const begun = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<unknown>();
    const handler = async ({ signal }: Request) => {
      begun.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return new Response(new ReadableStream({ cancel: cancelled.resolve }));
    };
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      await within("the request", begun.promise);
      exchange.leave();
      const reason = await within("cancel()", cancelled.promise);
      assertEquals((reason as Error).name, "AbortError");
    });
  });

  Deno.test(`toNodeHandler() takes no error for one that the client's leaving caused, ${protocol}`, async () => {
    const errors: unknown[] = [];
    const begun = Promise.withResolvers<void>();
    const rejected = Promise.withResolvers<void>();
    const handler = ({ signal }: Request) => {
      begun.resolve();
      return new Promise<Response>((_, reject) =>
        signal.addEventListener("abort", () => {
          reject(signal.reason);
          rejected.resolve();
        })
      );
    };
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      await within("the request", begun.promise);
      exchange.leave();
      await within("abort", rejected.promise);
    }, { onError: (error) => void errors.push(error) });
    assertEquals(errors, []);
  });

  Deno.test(`toNodeHandler() stops reading a body that the client does not take, ${protocol}`, async () => {
    const chunk = new Uint8Array(65_536);
    const most = 2000;
    let pulls = 0;
    const handler = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            if (++pulls > most) controller.close();
            else controller.enqueue(chunk);
          },
        }),
      );
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      await exchange.head;
      await untilSteady(() => pulls);
      assertLess(pulls, most / 2);
      const text = await within("the body", readText(exchange.body()));
      assertEquals(text.length, most * chunk.length);
    });
  });

  Deno.test(`toNodeHandler() survives a client that leaves while its body is sent back, ${protocol}`, async () => {
    const errors: unknown[] = [];
    const aborted = Promise.withResolvers<void>();
    const handler = ({ body, signal }: Request) => {
      signal.addEventListener("abort", () => aborted.resolve());
      return new Response(body);
    };
    // What nobody handles fails this test, and would end a process.
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin({ method: "POST" });
      exchange.upload.write("a");
      await within("the head", exchange.head);
      await once(exchange.body(), "readable");
      exchange.leave();
      await within("abort", aborted.promise);
    }, { onError: (error) => void errors.push(error) });
    assertEquals(errors, []);
  });

  for (
    const [what, handler] of Object.entries<FetchHandler>({
      throws: () => {
        throw new Error("hunter2");
      },
      rejects: () => Promise.reject(new Error("hunter2")),
      "gives a body that was read": async () => {
        const response = new Response("hunter2");
        await response.text();
        return response;
      },
      "gives no response": () => undefined as unknown as Response,
      "gives Response.error()": () => Response.error(),
    })
  ) {
    Deno.test(`toNodeHandler() answers with 500 and no message if the handler ${what}, ${protocol}`, async () => {
      const errors: unknown[] = [];
      await withNodeServer(handler, async ({ begin }) => {
        const exchange = begin();
        exchange.upload.end();
        const { status, headers } = await exchange.head;
        assertEquals(status, 500);
        assert(!JSON.stringify(headers).includes("hunter2"));
        assertEquals(await readText(exchange.body()), "");
      }, { onError: (error) => void errors.push(error) });
      assertEquals(errors.length, 1);
      assert(errors[0] instanceof Error);
    });
  }

  Deno.test(`toNodeHandler() breaks off the response whose body fails, ${protocol}`, async () => {
    const errors: unknown[] = [];
    const failure = new Error("hunter2");
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const handler = () =>
      new Response(
        new ReadableStream({ start: (own) => void (controller = own) }),
      );
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      await exchange.head;
      const body = readText(exchange.body());
      controller.enqueue(ENCODER.encode("a"));
      controller.error(failure);
      await within("the break", assertRejects(() => body));
    }, { onError: (error) => void errors.push(error) });
    assertEquals(errors, [failure]);
  });

  Deno.test(`toNodeHandler() leaves out what ${protocol} has no place for`, async () => {
    const handler = () =>
      new Response("a", {
        statusText: "Fine",
        headers: { "keep-alive": "timeout=5", "x-header": "a" },
      });
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      const { status, headers } = await exchange.head;
      assertEquals([status, headers["x-header"]], [200, "a"]);
      const expected = protocol === "HTTP/2" ? undefined : "timeout=5";
      assertEquals(headers["keep-alive"], expected);
      assertEquals(await readText(exchange.body()), "a");
    });
  });

  Deno.test(`toNodeHandler() serves an event stream that a client leaves, ${protocol}`, async () => {
    const opened = Promise.withResolvers<EventSession>();
    const handler = (request: Request) => serveEvents(request, opened.resolve);
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      const { headers } = await within("the head", exchange.head);
      assertEquals(headers["content-type"], "text/event-stream");
      const session = await within("the session", opened.promise);
      const chunks = exchange.body()[Symbol.asyncIterator]();
      await session.send({ data: "a" });
      let text = "";
      // A comment may come first, so that the stream has a first byte.
      while (!text.endsWith("data: a\n\n")) {
        const { done, value } = await within("the event", chunks.next());
        assert(!done, text);
        text += String(value);
      }
      exchange.leave();
      assertEquals(await within("closed", session.closed), "client");
    });
  });
}

Deno.test("toNodeHandler() sends the reason phrase with HTTP/1.1", async () => {
  const handler = () => new Response(null, { status: 404, statusText: "Gone" });
  await withHttp1Server(handler, async ({ port }) => {
    const answer = await exchangeRaw(port, "GET / HTTP/1.1\r\nhost: a");
    assert(answer.startsWith("HTTP/1.1 404 Gone\r\n"), answer);
  });
});

Deno.test("toNodeHandler() makes a warning of an error if there is no onError", async () => {
  const failingHandler = () => {
    throw new Error("of the handler");
  };
  const warning = once(process, "warning");
  await withHttp1Server(failingHandler, async ({ begin }) => {
    const exchange = begin();
    exchange.upload.end();
    assertEquals((await exchange.head).status, 500);
    const [seen] = await within("the warning", warning);
    assertEquals(seen.name, "TidingsWarning");
    assertEquals(seen.code, "TIDINGS_HANDLER");
    assert(seen.message.endsWith(": of the handler"), seen.message);
    assert(seen.detail.includes("failingHandler"), seen.detail);
  });
});
