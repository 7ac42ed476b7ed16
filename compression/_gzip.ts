// Copyright 2026 the Tidings authors. MIT license.

/**
 * `gzip()`: compression for small events.
 *
 * @module
 */

import { readCodingWeight } from "./_accept_encoding.ts";
import { GzipStream } from "./_gzip_stream.ts";
import { Quota } from "./_quota.ts";
import { SharedWindow } from "./_shared_window.ts";
import { StandaloneCompressor } from "./_standalone_compressor.ts";
import { CODEC } from "../_server/compression.ts";
import { type OptionKinds, readOptions } from "../_options.ts";
import { assertInteger, assertLimit } from "../_validate.ts";
import type { EventCompression } from "../server.ts";

const VERB = "make gzip compression";

/** Options for {@linkcode gzip}. */
export interface GzipOptions {
  /**
   * How hard to look for what repeats: an integer from 1, the fastest, to 9, which
   * gives the fewest bytes.
   *
   * @default {6}
   */
  level?: number | undefined;
  /**
   * The base-2 logarithm of the size of the history, in bytes: an integer from 9, which
   * is 512 bytes, to 15, which is 32 KiB. The history should hold several events.
   *
   * @default {13}
   */
  windowBits?: number | undefined;
  /**
   * How much memory a compressor takes to look for what repeats: an integer from 1, the
   * least, to 9.
   *
   * @default {5}
   */
  memLevel?: number | undefined;
  /**
   * How many compressors there may be at a time that have a single client, an integer of
   * at least 0 or `Infinity`. Beyond it, each event of such a client is compressed by
   * itself, which saves far less.
   *
   * @default {1000}
   */
  maxUnshared?: number | undefined;
}

/** The kinds of {@linkcode GzipOptions}. */
export const GZIP_OPTIONS: OptionKinds<GzipOptions> = {
  level: "any",
  windowBits: "any",
  memLevel: "any",
  maxUnshared: "any",
};

/**
 * Makes the `compression` option of `serveEvents`, `EventChannel` and `EventRuns`. One
 * can serve all streams and channels of a program.
 *
 * A newcomer to a channel gets each event compressed by itself, once for all newcomers,
 * until it has received as many bytes as the history has. Where newcomers outnumber the
 * other clients, all of them share an empty history from then on. The events that a
 * client has missed are compressed by themselves too, as long chunks, which compress well.
 *
 * A compressor takes 4 × 2^`windowBits` + 512 × 2^`memLevel` bytes, 48 KiB with the
 * defaults, outside the heap. `serveEvents` has one for each client. A channel has one for
 * all clients with the same topics, types and `until`, and one for each client with a
 * filter. Each is made with the second event. `maxUnshared` limits those that have a
 * single client.
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
 * // `fetch` does this by itself.
 * const body = response.body!.pipeThrough(new DecompressionStream("gzip"));
 * for await (const event of readEvents(body)) {
 *   assertEquals(event.data, "hello");
 * }
 * ```
 *
 * @param options How to compress.
 * @returns The compression.
 * @throws {TypeError} If an option is unknown or not a number.
 * @throws {RangeError} If an option is outside its range.
 * @throws {Error} If the runtime's `node:zlib` has no synchronous compressor.
 */
export function gzip(options: GzipOptions = {}): EventCompression {
  const {
    level = 6,
    windowBits = 13,
    memLevel = 5,
    maxUnshared = 1000,
  } = readOptions(VERB, options, GZIP_OPTIONS);
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
      accepts: (header) => readCodingWeight(header, "gzip") > 0,
      openStream: () => new GzipStream(standalone),
      openWindow: () => new SharedWindow(checked, standalone, quota),
    },
  };
}
