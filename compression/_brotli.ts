// Copyright 2026 the Tidings authors. MIT license.

/**
 * `brotli()`: compression for a client that shares its events with no other.
 *
 * @module
 */

import { readCodingWeight } from "./_accept_encoding.ts";
import {
  type BrotliCompressorOptions,
  BrotliStream,
  BrotliWindow,
  makeBrotliCompressor,
} from "./_brotli_stream.ts";
import { checkCompressorOptions } from "./_compressor_options.ts";
import { Quota } from "./_quota.ts";
import { CODEC } from "../_server/compression.ts";
import type { EventCompression } from "../server.ts";

const VERB = "make brotli compression";

/** Options for {@linkcode brotli}. */
export interface BrotliOptions {
  /**
   * How hard to look for what repeats: an integer from 1, the fastest, to 11, which
   * gives the fewest bytes.
   *
   * @default {4}
   */
  level?: number | undefined;
  /**
   * The base-2 logarithm of the size of the history, in bytes: an integer from 10, which
   * is 1 KiB, to 24, which is 16 MiB.
   *
   * @default {22}
   */
  windowBits?: number | undefined;
  /**
   * How many clients may have a compressor at a time, an integer of at least 0 or
   * `Infinity`. Beyond it, a client gets its stream uncompressed.
   *
   * @default {32}
   */
  maxCompressors?: number | undefined;
}

/** The defaults, and the largest numbers. */
const DEFAULTS = { level: 4, windowBits: 22, maxCompressors: 32 };
const LARGEST = { level: 11, windowBits: 24 };

/**
 * Makes the `compression` option of `serveEvents`, for large events that repeat
 * themselves and that one client gets alone. They become shorter than with `zstd`, and
 * take several times the processor time.
 *
 * Brotli streams cannot share anything: in a channel or a run each client has a
 * compressor, and each event is compressed for each client. Use `zstd` or `gzip` there.
 *
 * A compressor takes up to 2^(`windowBits` + 1) bytes and 2 MiB more, 10 MiB with the
 * defaults, outside the heap, from the first event of its client on. `maxCompressors`
 * limits them.
 *
 * @example Usage
 * ```ts
 * import { brotli } from "@tidings/sse/compression";
 * import { serveEvents } from "@tidings/sse/server";
 * import { assertEquals, assertStringIncludes } from "@std/assert";
 * import { brotliDecompressSync } from "node:zlib";
 *
 * const request = new Request("http://localhost/", {
 *   headers: { "accept-encoding": "gzip, deflate, br" },
 * });
 * const response = serveEvents(request, [{ data: "hello" }], {
 *   compression: brotli(),
 * });
 * assertEquals(response.headers.get("content-encoding"), "br");
 *
 * // `fetch` does this by itself.
 * const text = brotliDecompressSync(await response.arrayBuffer()).toString();
 * assertStringIncludes(text, "data: hello\n\n");
 * ```
 *
 * @param options How to compress.
 * @returns The compression.
 * @throws {TypeError} If an option is unknown or not a number.
 * @throws {RangeError} If an option is outside its range.
 * @throws {Error} If the runtime's `node:zlib` has no synchronous compressor.
 */
export function brotli(options: BrotliOptions = {}): EventCompression {
  const { maxCompressors, ...checked } = checkCompressorOptions(
    VERB,
    options,
    DEFAULTS,
    LARGEST,
  );
  assertAvailable(checked);
  const quota = new Quota(maxCompressors);
  return {
    coding: "br",
    [CODEC]: {
      accepts: (header) => readCodingWeight(header, "br") > 0 && quota.hasAny,
      openStream: () => new BrotliStream(checked, quota),
      openWindow: () => new BrotliWindow(),
    },
  };
}

/** Throws here, and not at the first event of a client. */
function assertAvailable(options: BrotliCompressorOptions): void {
  makeBrotliCompressor(options).close();
}
