// Copyright 2026 the Tidings authors. MIT license.

/** Compressed streams from `node:http` and `node:http2`, read by Node's own gunzip. */

import { assertEquals } from "@std/assert";
import { once } from "node:events";
import { createGunzip } from "node:zlib";
import { EventChannel } from "../../channel.ts";
import { gzip } from "../../compression/mod.ts";
import type { FetchHandler } from "../../node/mod.ts";
import { type EventSession, serveEvents } from "../../server.ts";
import { until } from "../channel/_clients.ts";
import { PROTOCOLS } from "../support/node_server.ts";
import { within } from "../support/within.ts";

/** What sends to the clients of a handler, and ends their streams. */
interface Sender {
  handler: FetchHandler;
  send(data: string): void;
  close(): void;
}

const SENDERS: Record<string, () => Sender> = {
  "serveEvents()"() {
    const compression = gzip();
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
  "EventChannel"() {
    const channel = new EventChannel({ compression: gzip() });
    return {
      handler: (request) => channel.serve(request),
      send: (data) => void channel.publish({ data }),
      close: () => void channel.close(),
    };
  },
};

for (const [protocol, withNodeServer] of Object.entries(PROTOCOLS)) {
  for (const [name, open] of Object.entries(SENDERS)) {
    Deno.test(`toNodeHandler() sends what ${name} compresses, each event at once, over ${protocol}`, async () => {
      const { handler, send, close } = open();
      await withNodeServer(handler, async (server) => {
        const headers = { "accept-encoding": "gzip, br" };
        const texts = [1, 2].map(() => ({
          exchange: server.begin({ headers }),
          text: "",
        }));
        const streams = [];
        for (const client of texts) {
          client.exchange.upload.end();
          const head = await within("the head", client.exchange.head);
          assertEquals(head.headers["content-encoding"], "gzip");
          const gunzip = client.exchange.body().pipe(createGunzip());
          gunzip.on("data", (chunk) => client.text += chunk);
          streams.push(gunzip);
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
