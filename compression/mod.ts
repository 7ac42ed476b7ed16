// Copyright 2026 the Tidings authors. MIT license.

/**
 * Compresses event streams with gzip, zstd or brotli: once for all clients that get the
 * same events, and without a delay.
 *
 * Events repeat themselves: with a history of the events before, small ones compress to a
 * third or a fifteenth of their size, and large ones to a hundredth. A compressor for each
 * client would cost more than all else that a client costs, so a channel has one for all
 * clients that get the same events. Each chunk can be decompressed as soon as it arrives: no
 * event waits for the next one.
 *
 * ```ts ignore -- it serves for ever
 * import { EventChannel } from "@tidings/sse/channel";
 * import { compress } from "@tidings/sse/compression";
 *
 * const channel = new EventChannel({ compression: compress() });
 *
 * Deno.serve((request) => channel.serve(request));
 *
 * setInterval(() => channel.publish({ data: new Date().toISOString() }), 1000);
 * ```
 *
 * `serveEvents` and `EventRuns` have the same option; `serveEvents` has a compressor for
 * each client. {@linkcode compress} chooses a coding, {@linkcode gzip},
 * {@linkcode zstd} and {@linkcode brotli} have one.
 *
 * Clients that do not ask for a coding that is offered get the same stream, not
 * compressed. Do not compress a stream that holds a secret next to text that an attacker
 * can choose: see SECURITY.md.
 *
 * It needs `node:zlib`, which Deno, Node and Bun have, and workerd with `nodejs_compat`.
 * Node has zstd from 22.15 on.
 *
 * @module
 */

export { brotli, type BrotliOptions } from "./_brotli.ts";
export { compress, type CompressOptions } from "./_compress.ts";
export { gzip, type GzipOptions } from "./_gzip.ts";
export { zstd, type ZstdOptions } from "./_zstd.ts";
export { hasZstd } from "./_zstd_compressor.ts";
export type { EventCompression } from "../server.ts";
