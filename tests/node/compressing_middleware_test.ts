// Copyright 2026 the Tidings authors. MIT license.

/** Middlewares that have replaced the methods by which a response is written. */

import { assert, assertEquals, assertLess } from "@std/assert";
import type { ServerResponse } from "node:http";
import zlib from "node:zlib";
import { EventChannel } from "../../channel.ts";
import type { FetchHandler } from "../../node/mod.ts";
import { type EventSession, serveEvents } from "../../server.ts";
import {
  type ClientExchange,
  type NodeServerOptions,
  PROTOCOLS,
  readText,
  untilSteady,
} from "../support/node_server.ts";
import { within } from "../support/within.ts";

type Mount = NonNullable<NodeServerOptions["mount"]>;

/** A response that a middleware may give a `flush()`. */
type Outgoing = ServerResponse & { flush?: () => void };

/** Compressors, and what their clients do. */
const ENCODINGS = {
  gzip: [() => zlib.createGzip(), () => zlib.createGunzip()],
  deflate: [() => zlib.createDeflate(), () => zlib.createInflate()],
  br: [
    () => zlib.createBrotliCompress(),
    () => zlib.createBrotliDecompress(),
  ],
} as const;

/**
 * Replaces the methods of a response as `compression` of Express does: what is written goes
 * through a compressor, which keeps it until `flush()` or the end.
 */
function compressing(
  encoding: keyof typeof ENCODINGS,
  onWrite: (name: string) => void = () => {},
): Mount {
  return (listener) => (incoming, response) => {
    const outgoing: Outgoing = response;
    const { write, end, on, writeHead } = outgoing;
    let compressor: zlib.Gzip | zlib.BrotliCompress | undefined;
    let drainListeners: (() => void)[] = [];
    outgoing.writeHead = (status: number, headers: unknown) => {
      onWrite("writeHead");
      for (const [name, value] of Object.entries(headers ?? {})) {
        outgoing.setHeader(name, value);
      }
      compressor = ENCODINGS[encoding][0]();
      for (const each of drainListeners) compressor.on("drain", each);
      drainListeners = [];
      outgoing.setHeader("content-encoding", encoding);
      outgoing.removeHeader("content-length");
      compressor.on("data", (chunk) => {
        if (!write.call(outgoing, chunk, "utf8")) compressor?.pause();
      });
      compressor.on("end", () => end.call(outgoing, undefined, "utf8"));
      on.call(outgoing, "drain", () => compressor?.resume());
      on.call(outgoing, "close", () => compressor?.destroy());
      return writeHead.call(outgoing, status);
    };
    outgoing.write = (chunk: unknown) => {
      onWrite("write");
      return compressor!.write(chunk);
    };
    outgoing.end = () => {
      onWrite("end");
      compressor?.end();
      return outgoing;
    };
    outgoing.flush = () => {
      onWrite("flush");
      compressor?.flush();
    };
    const listen = (name: string, heed: () => void): Outgoing => {
      if (name !== "drain") return on.call(outgoing, name, heed);
      if (compressor === undefined) drainListeners.push(heed);
      else compressor.on("drain", heed);
      return outgoing;
    };
    outgoing.on = listen as typeof outgoing.on;
    listener(incoming, outgoing);
  };
}

/** Ways in which a response reaches the bridge: without a stream between, and with one. */
const WAYS: Record<string, (response: Response) => Response> = {
  "as it is": (response) => response,
  "piped through a stream": ({ body, headers }) =>
    new Response(
      body!.pipeThrough(new TransformStream<Uint8Array, Uint8Array>()),
      { headers },
    ),
};

/** Reads the text of a compressed body, as far as it has come. */
function follow(
  exchange: ClientExchange,
  encoding: keyof typeof ENCODINGS,
): (text: string) => Promise<void> {
  let text = "";
  let onText = (): void => {};
  const decompressor = ENCODINGS[encoding][1]();
  decompressor.on("data", (chunk) => {
    text += String(chunk);
    onText();
  });
  // The client leaves before the end.
  decompressor.on("error", () => {});
  exchange.body().on("error", () => {});
  exchange.body().on("data", (chunk) => decompressor.write(chunk));
  return (expected) =>
    within(
      expected,
      new Promise((resolve) => {
        onText = () => {
          if (text.includes(expected)) resolve();
        };
        onText();
      }),
    );
}

for (const [protocol, withNodeServer] of Object.entries(PROTOCOLS)) {
  for (const encoding of ["gzip", "deflate", "br"] as const) {
    for (const [way, wrap] of Object.entries(WAYS)) {
      Deno.test(`toNodeHandler() delivers each event at once through a middleware that compresses with ${encoding}, ${way}, ${protocol}`, async () => {
        const channel = new EventChannel();
        const handler = (request: Request) => wrap(channel.serve(request));
        await withNodeServer(handler, async ({ begin }) => {
          const exchange = begin();
          exchange.upload.end();
          const { headers } = await within("the head", exchange.head);
          assertEquals(headers["content-encoding"], encoding);
          const until = follow(exchange, encoding);
          for (const data of ["first", "second", "third"]) {
            await channel.publish({ data });
            await until(`data: ${data}\n`);
          }
          exchange.leave();
          for (let turn = 0; channel.size > 0 && turn < 500; turn++) {
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
          assertEquals(channel.size, 0);
        }, { mount: compressing(encoding) });
        await channel.close();
      });
    }
  }

  for (const [way, wrap] of Object.entries(WAYS)) {
    Deno.test(`toNodeHandler() sends a head at once through a middleware that compresses, ${way}, ${protocol}`, async () => {
      const names: string[] = [];
      const handler = (request: Request) =>
        wrap(serveEvents(request, () => {}, { keepAlive: 0 }));
      await withNodeServer(handler, async ({ begin }) => {
        const exchange = begin();
        exchange.upload.end();
        await within("the head", exchange.head);
        // The first bytes of the compressed stream: some clients wait for them.
        const [magic] = await within("a byte", first(exchange));
        assertEquals(magic, 0x1f);
        assertEquals(names.slice(0, 2).join(), "writeHead,flush");
        exchange.leave();
      }, { mount: compressing("gzip", (name) => names.push(name)) });
    });

    Deno.test(`toNodeHandler() writes by the methods that a middleware has replaced, ${way}, ${protocol}`, async () => {
      const names: string[] = [];
      const handler = (request: Request) =>
        wrap(serveEvents(request, [{ data: "a" }, { data: "b" }]));
      await withNodeServer(handler, async ({ begin }) => {
        const exchange = begin();
        exchange.upload.end();
        await within("the head", exchange.head);
        const body = exchange.body().pipe(zlib.createGunzip());
        const text = await within("the body", readText(body));
        assertEquals(text, "data: a\n\ndata: b\n\n");
        assertEquals(names[0], "writeHead");
        assertEquals(names.at(-1), "end");
        // After each write comes a flush.
        const rest = names.slice(1, -1).filter((name, index, all) =>
          name !== "flush" || all[index - 1] === "write"
        );
        assert(rest.length > 0);
        assertEquals(
          rest,
          rest.map((_, i) => i % 2 === 0 ? "write" : "flush"),
        );
      }, { mount: compressing("gzip", (name) => names.push(name)) });
    });
  }

  Deno.test(`toNodeHandler() stops reading a body that a client does not take from a middleware that compresses, ${protocol}`, async () => {
    const chunk = crypto.getRandomValues(new Uint8Array(65_536));
    const most = 400;
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
      await within("the head", exchange.head);
      await untilSteady(() => pulls);
      assertLess(pulls, most / 2);
      let size = 0;
      const body = exchange.body().pipe(zlib.createGunzip());
      const read = (async () => {
        for await (const { length } of body) size += length;
      })();
      await within("the body", read, 30_000);
      assertEquals(size, most * chunk.length);
    }, { mount: compressing("gzip") });
  });

  Deno.test(`toNodeHandler() goes on where a replaced write() returns nothing, ${protocol}`, async () => {
    const handler = (request: Request) =>
      serveEvents(request, [{ data: "a" }, { data: "b" }]);
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      await within("the head", exchange.head);
      const text = await within("the body", readText(exchange.body()));
      assertEquals(text, "data: a\n\ndata: b\n\n");
    }, {
      mount: (listener) => (incoming, outgoing) => {
        const write = outgoing.write.bind(outgoing);
        const silent = (chunk: unknown): void => void write(chunk);
        outgoing.write = silent as typeof outgoing.write;
        listener(incoming, outgoing);
      },
    });
  });

  for (
    const [name, source] of [
      ["write", [{ data: "a" }]],
      ["flush", [{ data: "a" }]],
      ["flush", []],
      ["flushHeaders", []],
    ] as const
  ) {
    Deno.test(`toNodeHandler() ends an event stream of ${source.length} events whose ${name}() throws, ${protocol}`, async () => {
      const errors: unknown[] = [];
      const failure = new Error("of the middleware");
      const opened = Promise.withResolvers<EventSession>();
      const handler: FetchHandler = (request) =>
        serveEvents(request, (session) => {
          opened.resolve(session);
          return (async function* () {
            yield* source;
            await session.closed;
          })();
        });
      await withNodeServer(handler, async ({ begin }) => {
        const exchange = begin();
        exchange.upload.end();
        const session = await within("the session", opened.promise);
        assertEquals(await within("closed", session.closed), "client");
        exchange.leave();
      }, {
        onError: (error) => void errors.push(error),
        mount: (listener) => (incoming, outgoing) => {
          const fail = () => {
            throw failure;
          };
          listener(incoming, Object.assign(outgoing, { [name]: fail }));
        },
      });
      assertEquals(errors, [failure]);
    });
  }
}

/** Waits for the first bytes of a body. */
function first(exchange: ClientExchange): Promise<Uint8Array> {
  const body = exchange.body();
  body.on("error", () => {});
  return new Promise((resolve) => body.once("data", resolve));
}
