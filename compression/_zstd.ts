// Copyright 2026 the Tidings authors. MIT license.

/**
 * `zstd()`: compression for large events that repeat themselves.
 *
 * @module
 */

import { readCodingWeight } from "./_accept_encoding.ts";
import {
  checkCompressorOptions,
  type CompressorNumbers,
} from "./_compressor_options.ts";
import { Quota } from "./_quota.ts";
import { SingleFrames } from "./_zstd_frames.ts";
import { ZstdStream } from "./_zstd_stream.ts";
import { ZstdWindow } from "./_zstd_window.ts";
import { CODEC } from "../_server/compression.ts";
import type { EventCompression } from "../server.ts";

const VERB = "make zstd compression";

/** Options for {@linkcode zstd}. */
export interface ZstdOptions {
  /**
   * How hard to look for what repeats: an integer from 1, the fastest, to 19, which
   * gives the fewest bytes. Above 3, a compressor takes more memory with each level.
   *
   * @default {3}
   */
  level?: number | undefined;
  /**
   * The base-2 logarithm of the size of the history, in bytes: an integer from 10, which
   * is 1 KiB, to 23, which is 8 MiB, the most that browsers take. The history should hold
   * several events.
   *
   * @default {20}
   */
  windowBits?: number | undefined;
  /**
   * How many compressors there may be at a time, an integer of at least 0 or `Infinity`.
   * Beyond it, each event is compressed by itself, which saves far less.
   *
   * @default {64}
   */
  maxCompressors?: number | undefined;
}

/** The defaults, and the largest numbers. */
const DEFAULTS = { level: 3, windowBits: 20, maxCompressors: 64 };
const LARGEST = { level: 19, windowBits: 23 };

/**
 * Makes the `compression` option of `serveEvents`, `EventChannel` and `EventRuns` for
 * large events that repeat themselves, such as a page that is sent again with one row
 * changed. One can serve all streams and channels of a program.
 *
 * A stream is a sequence of zstd frames. All clients of a channel with the same topics,
 * types and `until` share a frame. A newcomer gets its first events as frames of their
 * own, and then shares a frame with other newcomers. All clients begin a new frame
 * together, once the common frame has 64 KiB of output, or sooner if newcomers have cost
 * as many bytes as a new frame costs the others. Without newcomers, the frame goes on. The
 * events that a client has missed are frames of their own too.
 *
 * A decompressor has to read one frame after the other, as browsers, curl, and the
 * streams and `fetch` of Node do. `zstdDecompressSync` of `node:zlib` reads the first
 * frame alone.
 *
 * A compressor takes 2^`windowBits` bytes and 1.5 MiB more with level 3, 2.5 MiB with the
 * defaults, outside the heap. `serveEvents` has one for each client. A channel has up to
 * two for all clients with the same topics, types and `until`, and one for each client
 * with a filter. Each is made with the second event. `maxCompressors` limits all of them.
 *
 * @example Usage
 * ```ts
 * import { EventChannel } from "@tidings/sse/channel";
 * import { hasZstd, zstd } from "@tidings/sse/compression";
 * import { assertEquals } from "@std/assert";
 *
 * if (hasZstd()) {
 *   const channel = new EventChannel({ compression: zstd() });
 *   const request = new Request("http://localhost/", {
 *     headers: { "accept-encoding": "gzip, deflate, br, zstd" },
 *   });
 *   const response = channel.serve(request);
 *   assertEquals(response.headers.get("content-encoding"), "zstd");
 *   await response.body!.cancel();
 *   await channel.close();
 * }
 * ```
 *
 * @param options How to compress.
 * @returns The compression.
 * @throws {TypeError} If an option is unknown or not a number.
 * @throws {RangeError} If an option is outside its range.
 * @throws {Error} If the runtime's `node:zlib` has no synchronous zstd, as in Node before
 * 22.15: see {@linkcode hasZstd}.
 */
export function zstd(options: ZstdOptions = {}): EventCompression {
  const { maxCompressors, ...checked } = checkZstdOptions(options);
  const singleFrames = new SingleFrames(checked);
  const quota = new Quota(maxCompressors);
  return {
    coding: "zstd",
    [CODEC]: {
      accepts: (header) => readCodingWeight(header, "zstd") > 0,
      openStream: () => new ZstdStream(singleFrames),
      openWindow: () => new ZstdWindow(checked, singleFrames, quota),
    },
  };
}

/** Checks the options of {@linkcode zstd}, and fills in the defaults. */
export function checkZstdOptions(options: ZstdOptions): CompressorNumbers {
  return checkCompressorOptions(VERB, options, DEFAULTS, LARGEST);
}
