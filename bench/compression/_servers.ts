// Copyright 2026 the Tidings authors. MIT license.

/** Servers that send the same compressed events to many, on web standards. */

import { constants, createGzip } from "node:zlib";
import { EventChannel, type EventChannelOptions } from "../../channel.ts";
import { gzip, zstd } from "../../compression/mod.ts";
import { encodeEvent } from "../../encoder.ts";
import type { ServerSentEventInit } from "../../event.ts";

/** A server to be measured. */
export interface CompressionServer {
  handler: (request: Request) => Response;
  /** Sends one event without waiting for the clients. */
  publish(event: ServerSentEventInit): void;
  /** How many clients are connected. */
  size(): number;
}

/** The servers by the names of their rows. */
export const SERVERS: Readonly<Record<string, () => CompressionServer>> = {
  "tidings": () => serveTidings({ compression: gzip() }),
  "tidings, zstd": () => serveTidings({ compression: zstd() }),
  "uncompressed": () => serveTidings({}),
  "a zlib stream each": serveZlibStreams,
};

function serveTidings(options: EventChannelOptions): CompressionServer {
  const channel = new EventChannel(options);
  return {
    handler: (request) => channel.serve(request),
    publish: (event) => void channel.publish(event),
    size: () => channel.size,
  };
}

/** What is done by hand: a compressor for each response, flushed for each event. */
function serveZlibStreams(): CompressionServer {
  const streams = new Set<ReturnType<typeof createGzip>>();
  return {
    handler: () => {
      const stream = createGzip({ flush: constants.Z_SYNC_FLUSH });
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start(controller) {
          stream.on("data", (chunk) => controller.enqueue(chunk));
          streams.add(stream);
          stream.write(encodeEvent({ comment: "hello" }));
        },
        cancel() {
          streams.delete(stream);
          stream.destroy();
        },
      });
      return new Response(body, {
        headers: {
          "content-type": "text/event-stream",
          "content-encoding": "gzip",
        },
      });
    },
    publish: (event) => {
      const chunk = encodeEvent(event);
      for (const stream of streams) stream.write(chunk);
    },
    size: () => streams.size,
  };
}
