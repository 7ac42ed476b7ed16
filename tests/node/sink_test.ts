// Copyright 2026 the Tidings authors. MIT license.

/** Event streams that `toNodeHandler()` writes to the response without a stream between. */

import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { once } from "node:events";
import { EventChannel } from "../../channel.ts";
import { MemoryEventLog } from "../../log.ts";
import { type EventSession, serveEvents } from "../../server.ts";
import {
  type ClientExchange,
  PROTOCOLS,
  readText,
  untilSteady,
} from "../support/node_server.ts";
import { within } from "../support/within.ts";

/** An event, and then nothing more until the client leaves. */
async function* oneEvent({ signal }: EventSession) {
  yield { data: "a" };
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

/** A source that has no event, and tells what is done to it. */
function waiting(
  onNext: () => void,
  onReturn: () => void,
): AsyncIterable<never> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        onNext();
        return new Promise<never>(() => {});
      },
      return: () => {
        onReturn();
        return Promise.resolve({ done: true as const, value: undefined });
      },
    }),
  };
}

/** Ways of an application to deal with a response, and what the client gets then. */
const WRAPPERS: Record<string, (response: Response) => Response> = {
  "as it is": (response) => response,
  "with other headers": (response) => {
    response.headers.set("x-header", "a");
    return response;
  },
  "wrapped in another": ({ body, headers, status }) =>
    new Response(body, { status, headers: { ...Object.fromEntries(headers) } }),
  "wrapped, with itself as the options": (response) =>
    new Response(response.body, response),
  "cloned": (response) => {
    const copy = response.clone();
    // The other is cut off, or what it does not take would wait in memory.
    response.body?.cancel();
    return copy;
  },
  "teed": ({ body, headers }) => {
    const [one, other] = body!.tee();
    other.cancel();
    return new Response(one, { headers });
  },
  "piped through a stream": ({ body, headers }) =>
    new Response(
      body!.pipeThrough(new TransformStream<Uint8Array, Uint8Array>()),
      { headers },
    ),
};

for (const [protocol, withNodeServer] of Object.entries(PROTOCOLS)) {
  for (const [way, wrap] of Object.entries(WRAPPERS)) {
    Deno.test(`toNodeHandler() serves an event stream ${way}, and notices that the client has left, ${protocol}`, async () => {
      const opened = Promise.withResolvers<EventSession>();
      const handler = (request: Request) =>
        wrap(serveEvents(request, (session) => {
          opened.resolve(session);
          return oneEvent(session);
        }));
      await withNodeServer(handler, async ({ begin }) => {
        const exchange = begin();
        exchange.upload.end();
        const { headers } = await within("the head", exchange.head);
        assertEquals(headers["content-type"], "text/event-stream");
        const [chunk] = await within("data", once(exchange.body(), "data"));
        assertEquals(String(chunk), "data: a\n\n");
        exchange.leave();
        const session = await opened.promise;
        assertEquals(await within("closed", session.closed), "client");
        assertEquals(session.signal.aborted, true);
      });
    });

    Deno.test(`toNodeHandler() serves a channel ${way}, and notices that the client has left, ${protocol}`, async () => {
      await using channel = new EventChannel();
      const closed = Promise.withResolvers<string>();
      const handler = (request: Request) =>
        wrap(channel.serve(request, { onClose: closed.resolve }));
      await withNodeServer(handler, async ({ begin }) => {
        const exchange = begin();
        exchange.upload.end();
        await within("the head", exchange.head);
        const chunks = exchange.body()[Symbol.asyncIterator]();
        const place = await within("the place", chunks.next());
        assert(String(place.value).startsWith("id: "), String(place.value));
        await channel.publish({ data: "a" });
        const { value } = await within("the event", chunks.next());
        assert(String(value).startsWith("data: a\n"), String(value));
        exchange.leave();
        assertEquals(await within("onClose", closed.promise), "client");
        assertEquals(channel.size, 0);
      });
    });
  }

  Deno.test(`toNodeHandler() leaves the stream of a body out that it knows, ${protocol}`, async () => {
    const bodies: ReadableStream[] = [];
    const handler = (request: Request) => {
      const { body, headers } = serveEvents(request, oneEvent);
      bodies.push(body!);
      return new Response(body, { headers });
    };
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      await within("the head", exchange.head);
      await within("data", once(exchange.body(), "data"));
      assertEquals(bodies.map(({ locked }) => locked), [false]);
      // Whoever reads it nevertheless is told, and does not wait for ever.
      await assertRejects(() => bodies[0]!.getReader().read(), TypeError);
      exchange.leave();
    });
  });

  Deno.test(`toNodeHandler() releases a source when the client leaves, ${protocol}`, async () => {
    const released = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    const handler = (request: Request) => {
      request.signal.addEventListener("abort", () => aborted.resolve());
      return serveEvents(request, waiting(() => {}, released.resolve));
    };
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      await within("the head", exchange.head);
      exchange.leave();
      await within("return()", released.promise);
      await within("abort", aborted.promise);
    });
  });

  Deno.test(`toNodeHandler() asks a source for nothing that the client does not take, ${protocol}`, async () => {
    const most = 600;
    const data = "x".repeat(65_536);
    let asked = 0;
    const handler = (request: Request) =>
      serveEvents(request, function* () {
        while (asked < most) {
          asked++;
          yield { data };
        }
      });
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      await within("the head", exchange.head);
      await untilSteady(() => asked);
      assertLess(asked, most / 2);
      const text = await within("the body", readText(exchange.body()));
      assertEquals(text.length, most * (data.length + "data: \n\n".length));
    });
  });

  Deno.test(`toNodeHandler() keeps nothing of a channel for a client that does not read, ${protocol}`, async () => {
    await using channel = new EventChannel({
      log: new MemoryEventLog({ maxBytes: 2 ** 20 }),
      liveSegmentBytes: 2 ** 16,
    });
    const closed = Promise.withResolvers<string>();
    const handler = (request: Request) =>
      channel.serve(request, { onClose: closed.resolve });
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      await within("the head", exchange.head);
      const data = "x".repeat(65_536);
      for (let i = 0; i < 1000; i++) {
        await channel.publish({ data });
        // Gives the socket its chance, so that only its buffers count.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      assertLess(channel.counters.bytes, 500 * data.length);
      // It reads on, and is told by the end of its stream that it is too late.
      await within("the end", readText(exchange.body()));
      assertEquals(await closed.promise, "overflow");
    });
  });

  Deno.test(`toNodeHandler() breaks off the response whose source fails, ${protocol}`, async () => {
    const errors: unknown[] = [];
    const requests: Request[] = [];
    const failure = new Error("hunter2");
    const handler = (request: Request) =>
      serveEvents(request, async function* () {
        yield { data: "a" };
        await Promise.resolve();
        throw failure;
      });
    const onError = (error: unknown, request: Request) => {
      errors.push(error);
      requests.push(request);
    };
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin({ path: "/a" });
      exchange.upload.end();
      await within("the break", assertRejects(() => readAll(exchange)));
    }, { onError });
    assertEquals(errors, [failure]);
    assertEquals(requests.map(({ url }) => new URL(url).pathname), ["/a"]);
  });

  Deno.test(`toNodeHandler() ends the response whose source fails if that is told elsewhere, ${protocol}`, async () => {
    const errors: unknown[] = [];
    const failure = new Error("hunter2");
    const handler = (request: Request) =>
      serveEvents(request, function* () {
        yield { data: "a" };
        throw failure;
      }, { onError: (error) => void errors.push(error) });
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      assertEquals(
        await within("the body", readAll(exchange)),
        "data: a\n\n",
      );
    });
    assertEquals(errors, [failure]);
  });

  Deno.test(`toNodeHandler() sends what a channel says at its end, before it is served or after, ${protocol}`, async () => {
    const channel = new EventChannel();
    const handler = async (request: Request) => {
      const response = channel.serve(request);
      if (request.url.endsWith("late")) await channel.close({ retry: 1 });
      return response;
    };
    await withNodeServer(handler, async ({ begin }) => {
      for (const path of ["/early", "/late"]) {
        const exchange = begin({ path });
        exchange.upload.end();
        await within("the head", exchange.head);
        if (path === "/early") {
          await within("data", once(exchange.body(), "data"));
          continue;
        }
        const text = await within("the body", readText(exchange.body()));
        assert(/^retry: [12]\n\n$/.test(text), text);
      }
    });
  });

  Deno.test(`toNodeHandler() releases the source of an event stream that comes too late, ${protocol}`, async () => {
    const begun = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    let isAsked = false;
    const handler = async (request: Request) => {
      begun.resolve();
      await new Promise((resolve) =>
        request.signal.addEventListener("abort", resolve)
      );
      const source = waiting(() => isAsked = true, released.resolve);
      return serveEvents(request, source);
    };
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      await within("the request", begun.promise);
      exchange.leave();
      await within("return()", released.promise);
      assertEquals(isAsked, false);
    });
  });
}

async function readAll(exchange: ClientExchange): Promise<string> {
  await exchange.head;
  return await readText(exchange.body());
}
