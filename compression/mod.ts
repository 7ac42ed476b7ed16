// Copyright 2026 the Tidings authors. MIT license.

/**
 * Event streams compressed with gzip: once for all clients that get the same, and no
 * event late for it.
 *
 * Events repeat themselves: a compressor that remembers those before makes a third to
 * a fifteenth of their bytes. A compressor for each client would cost more than the
 * client. A channel has one for all clients that get the same events, and what comes
 * out of it is complete with each chunk: no event waits for the next one.
 *
 * ```ts ignore -- it serves for ever
 * import { EventChannel } from "@tidings/sse/channel";
 * import { gzip } from "@tidings/sse/compression";
 *
 * const channel = new EventChannel({ compression: gzip() });
 *
 * Deno.serve((request) => channel.serve(request));
 *
 * setInterval(() => channel.publish({ data: new Date().toISOString() }), 1000);
 * ```
 *
 * `serveEvents` and `EventRuns` take the same option; the former has a compressor for
 * each client.
 *
 * Clients that do not ask for gzip get what they would get without it. Do not
 * compress a stream that holds a secret next to what an attacker may write: see
 * SECURITY.md.
 *
 * It uses `node:zlib`, which Deno, Node and Bun have, and workerd with `nodejs_compat`.
 *
 * @module
 */

import { acceptsGzip } from "./_accept_encoding.ts";
import { GzipStream } from "./_gzip_stream.ts";
import { Quota } from "./_quota.ts";
import { SharedWindow } from "./_shared_window.ts";
import { StandaloneCompressor } from "./_standalone_compressor.ts";
import { CODEC } from "../_server/compression.ts";
import { assertInteger, assertLimit } from "../_validate.ts";
import type { EventCompression } from "../server.ts";

export type { EventCompression } from "../server.ts";

const VERB = "make gzip compression";

/** Options for {@linkcode gzip}. */
export interface GzipOptions {
  /**
   * How hard to look for what repeats: an integer from 1, the fastest, to 9, which
   * makes the least bytes.
   *
   * @default {6}
   */
  level?: number | undefined;
  /**
   * How far back a compressor looks for what repeats: 2 to the power of so many
   * bytes, an integer from 9 to 15. To be of use, that has to be several events.
   *
   * @default {13}
   */
  windowBits?: number | undefined;
  /**
   * How much memory a compressor takes to find it: an integer from 1, the least, to 9.
   *
   * @default {5}
   */
  memLevel?: number | undefined;
  /**
   * The most compressors at a time that have only one client each, an integer of at
   * least 0 or `Infinity`. Where there is none left, each event of such a client is
   * compressed by itself, which saves far less.
   *
   * @default {1000}
   */
  maxUnshared?: number | undefined;
}

/**
 * Makes what `serveEvents` and `EventChannel` take as their `compression`. One may
 * serve all streams and channels of a program.
 *
 * A client that joins others gets its events compressed each by itself, once for all
 * newcomers, until it has had as many bytes as the compressor looks back; where
 * newcomers are more than the others, all begin anew together. Events that a client
 * has missed are compressed by themselves too, as long chunks, which compress well.
 *
 * A compressor takes 4 × 2^`windowBits` + 512 × 2^`memLevel` bytes, 48 KiB with the
 * defaults, outside the heap. `serveEvents` has one for each client, a channel one for
 * each set of clients with the same topics, types and `until`, and for each client with
 * a filter; they are made with the second event. `maxUnshared` bounds those that have
 * one client only.
 *
 * @example Usage
 * ```ts
 * import { gzip } from "@tidings/sse/compression";
 * import { readEvents } from "@tidings/sse/parser";
 * import { serveEvents } from "@tidings/sse/server";
 * import { assertEquals } from "@std/assert";
 *
 * const request = new Request("http://localhost/", {
 *   headers: { "accept-encoding": "gzip" },
 * });
 * const response = serveEvents(request, [{ data: "hello" }], {
 *   compression: gzip(),
 * });
 * assertEquals(response.headers.get("content-encoding"), "gzip");
 *
 * // What `fetch` does with a response that says so.
 * const body = response.body!.pipeThrough(new DecompressionStream("gzip"));
 * for await (const event of readEvents(body)) {
 *   assertEquals(event.data, "hello");
 * }
 * ```
 *
 * @param options How to compress.
 * @returns The compression.
 * @throws {TypeError} If an option is not a number.
 * @throws {RangeError} If an option is outside its range.
 * @throws {Error} If the runtime's `node:zlib` lacks what is wanted of it.
 */
export function gzip(options: GzipOptions = {}): EventCompression {
  const {
    level = 6,
    windowBits = 13,
    memLevel = 5,
    maxUnshared = 1000,
  } = options;
  assertInteger(VERB, "level", level, 1, 9);
  assertInteger(VERB, "windowBits", windowBits, 9, 15);
  assertInteger(VERB, "memLevel", memLevel, 1, 9);
  assertLimit(VERB, "maxUnshared", maxUnshared, 0);
  const checked = { level, windowBits, memLevel };
  const standalone = new StandaloneCompressor(checked);
  const quota = new Quota(maxUnshared);
  return {
    coding: "gzip",
    [CODEC]: {
      accepts: acceptsGzip,
      openStream: () => new GzipStream(standalone),
      openWindow: () => new SharedWindow(checked, standalone, quota),
    },
  };
}
