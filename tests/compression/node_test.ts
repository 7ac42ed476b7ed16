// Copyright 2026 the Tidings authors. MIT license.

/** Compressed streams from `node:http` and `node:http2`, read by Node's own streams. */

import { assertEquals } from "@std/assert";
import { once } from "node:events";
import process from "node:process";
import type { Duplex } from "node:stream";
import * as zlib from "node:zlib";
import { EventChannel } from "../../channel.ts";
import type { EventCompression } from "../../compression/mod.ts";
import type { FetchHandler } from "../../node/mod.ts";
import { type EventSession, serveEvents } from "../../server.ts";
import { until } from "../channel/_clients.ts";
import { CODINGS } from "./_codings.ts";
import { PROTOCOLS } from "../support/node_server.ts";
import { within } from "../support/within.ts";

/** What sends to the clients of a handler, and ends their streams. */
interface Sender {
  handler: FetchHandler;
  send(data: string): void;
  close(): void;
}

const SENDERS: Record<string, (compression: EventCompression) => Sender> = {
  "serveEvents()"(compression) {
    const sessions: EventSession[] = [];
    const open = (session: EventSession) => void sessions.push(session);
    return {
      handler: (request) => serveEvents(request, open, { compression }),
      send: (data) => {
        for (const session of sessions) session.send({ data });
      },
      close: () => {
        for (const session of sessions) session.close();
      },
    };
  },
  "EventChannel"(compression) {
    const channel = new EventChannel({ compression });
    return {
      handler: (request) => channel.serve(request),
      send: (data) => void channel.publish({ data }),
      close: () => void channel.close(),
    };
  },
};

/** What decompresses a stream. */
interface Decompressors {
  createGunzip(): Duplex;
  createBrotliDecompress(): Duplex;
  createZstdDecompress(): Duplex;
}

const { createGunzip, createBrotliDecompress, createZstdDecompress } =
  zlib as unknown as Decompressors;

const DECOMPRESSORS: Record<string, () => Duplex> = {
  gzip: createGunzip,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** Deno's stream reads the first frame alone, as `zstdDecompressSync()` does. */
const STREAM_CODINGS = CODINGS.filter(({ name }) =>
  name !== "zstd" || !("deno" in process.versions)
);

for (const [protocol, withNodeServer] of Object.entries(PROTOCOLS)) {
  for (const [name, open] of Object.entries(SENDERS)) {
    for (const coding of STREAM_CODINGS) {
      Deno.test(`toNodeHandler() sends what ${name} compresses, each event at once, over ${protocol}: ${coding.name}`, async () => {
        const { handler, send, close } = open(coding.make());
        await withNodeServer(handler, async (server) => {
          const headers = { "accept-encoding": `deflate, ${coding.name}` };
          const texts = [1, 2].map(() => ({
            exchange: server.begin({ headers }),
            text: "",
          }));
          const streams: Duplex[] = [];
          for (const client of texts) {
            client.exchange.upload.end();
            const head = await within("the head", client.exchange.head);
            assertEquals(head.headers["content-encoding"], coding.name);
            // There is one for each coding.
            const decompressor = DECOMPRESSORS[coding.name]!();
            const stream = client.exchange.body().pipe(decompressor);
            stream.on("data", (chunk) => client.text += chunk);
            streams.push(stream);
          }
          for (let index = 0; index < 20; index++) {
            send(`the same again ${index}`);
            for (const client of texts) {
              await until(() => client.text.includes(`again ${index}\n`));
            }
          }
          const ends = streams.map((stream) => once(stream, "end"));
          close();
          // It fails if the stream is not whole.
          await within("the end", Promise.all(ends));
        });
      });
    }
  }
}
