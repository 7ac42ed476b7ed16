// Copyright 2026 the Tidings authors. MIT license.

/**
 * `compress()`: chooses the coding of each stream when its client connects.
 *
 * @module
 */

import { readCodingWeight } from "./_accept_encoding.ts";
import { brotli, type BrotliOptions } from "./_brotli.ts";
import { COMPRESSOR_OPTIONS } from "./_compressor_options.ts";
import { EventSizes } from "./_event_sizes.ts";
import { gzip, GZIP_OPTIONS, type GzipOptions } from "./_gzip.ts";
import { checkZstdOptions, zstd, type ZstdOptions } from "./_zstd.ts";
import { hasZstd } from "./_zstd_compressor.ts";
import { CODEC, type CompressionWindow } from "../_server/compression.ts";
import { type OptionKinds, readOptions } from "../_options.ts";
import type { EventCompression } from "../server.ts";

/** Options for {@linkcode compress}. */
export interface CompressOptions {
  /** How to compress with gzip. */
  gzip?: GzipOptions | undefined;
  /** How to compress with zstd. */
  zstd?: ZstdOptions | undefined;
  /** How to compress with brotli. */
  brotli?: BrotliOptions | undefined;
  /**
   * Whether events count as large until some were sent. Without it, the clients that
   * connect before the first event get gzip, for as long as they are connected.
   *
   * @default {false}
   */
  expectLarge?: boolean | undefined;
}

const OPTIONS: OptionKinds<CompressOptions> = {
  gzip: GZIP_OPTIONS,
  zstd: COMPRESSOR_OPTIONS,
  brotli: COMPRESSOR_OPTIONS,
  expectLarge: "a boolean",
};

/** The codings in the order in which a client gets them that prefers none. */
const ORDERS = {
  small: { shared: ["gzip", "zstd"], alone: ["gzip", "zstd", "br"] },
  large: { shared: ["zstd", "gzip"], alone: ["zstd", "br", "gzip"] },
};

/**
 * Makes the `compression` option of `serveEvents`, `EventChannel` and `EventRuns` that
 * chooses the coding of each stream when its client connects:
 *
 * 1. Only codings that the client accepts and the runtime has.
 * 2. Of these, the codings with the greatest weight in `Accept-Encoding`. Browsers give
 *    all the same weight.
 * 3. Of these, by the size of the events that were sent so far. While at least half of
 *    the bytes are in chunks of 4 KiB or more, events are large: `zstd` comes first, then
 *    `br`, then `gzip`. Otherwise it is `gzip`, `zstd`, `br`.
 *
 * `br` is for `serveEvents` alone: clients of channels and runs share what is compressed,
 * and brotli streams cannot. A chunk has the events of one event loop turn.
 *
 * The events are those of all streams that this compression serves: use one for each
 * kind of stream. Memory is that of `gzip`, `zstd` and `brotli` together, each with the
 * limit of its options.
 *
 * @example Usage
 * ```ts
 * import { compress, hasZstd } from "@tidings/sse/compression";
 * import { serveEvents } from "@tidings/sse/server";
 * import { assertEquals } from "@std/assert";
 *
 * const compression = compress();
 * const request = () =>
 *   new Request("http://localhost/", {
 *     headers: { "accept-encoding": "gzip, deflate, br, zstd" },
 *   });
 * const large = [{ data: "a large page ".repeat(1000) }];
 *
 * const first = serveEvents(request(), large, { compression });
 * assertEquals(first.headers.get("content-encoding"), "gzip");
 * await first.arrayBuffer();
 *
 * const second = serveEvents(request(), large, { compression });
 * const expected = hasZstd() ? "zstd" : "br";
 * assertEquals(second.headers.get("content-encoding"), expected);
 * await second.arrayBuffer();
 * ```
 *
 * @param options How to compress.
 * @returns The compression. Its `coding` lists the codings from which it chooses.
 * @throws {TypeError} If an option is unknown or of the wrong type.
 * @throws {RangeError} If an option is outside its range.
 * @throws {Error} If the runtime's `node:zlib` has no synchronous compressor.
 */
export function compress(options: CompressOptions = {}): EventCompression {
  const {
    gzip: gzipOptions,
    zstd: zstdOptions = {},
    brotli: brotliOptions,
    expectLarge = false,
  } = readOptions("make compression", options, OPTIONS);
  checkZstdOptions(zstdOptions);
  const sizes = new EventSizes(expectLarge);
  const compressions = [
    gzip(gzipOptions),
    ...hasZstd() ? [zstd(zstdOptions)] : [],
    brotli(brotliOptions),
  ].map((compression) => measure(compression, sizes));
  const [fallback] = compressions as [EventCompression];
  const choose = (
    acceptEncoding: string | null,
    isAlone: boolean,
  ): EventCompression | undefined => {
    const order = ORDERS[sizes.areLarge ? "large" : "small"];
    return findBest(
      compressions,
      order[isAlone ? "alone" : "shared"],
      acceptEncoding,
    );
  };
  return {
    coding: compressions.map(({ coding }) => coding).join(", "),
    [CODEC]: {
      ...fallback[CODEC],
      accepts: (header) => choose(header, false) !== undefined,
      choose,
    },
  };
}

/** Finds the compression with the greatest weight; of several the first by an order. */
function findBest(
  compressions: readonly EventCompression[],
  order: readonly string[],
  acceptEncoding: string | null,
): EventCompression | undefined {
  let best: EventCompression | undefined;
  let bestWeight = 0;
  for (const coding of order) {
    const weight = readCodingWeight(acceptEncoding, coding);
    if (weight <= bestWeight) continue;
    const found = compressions.find((one) => one.coding === coding);
    // The runtime lacks it, or no more clients may have it.
    if (!found?.[CODEC].accepts(acceptEncoding)) continue;
    best = found;
    bestWeight = weight;
  }
  return best;
}

/** Wraps a compression, so that the chunks of its windows are measured. */
function measure(
  { coding, [CODEC]: codec }: EventCompression,
  sizes: EventSizes,
): EventCompression {
  const openWindow = (): CompressionWindow => {
    const window = codec.openWindow();
    return {
      add(chunk) {
        sizes.add(chunk.byteLength);
        return window.add(chunk);
      },
      close: () => window.close(),
    };
  };
  return { coding, [CODEC]: { ...codec, openWindow } };
}
