// Copyright 2026 the Tidings authors. MIT license.

/**
 * Event streams compressed with gzip, and no event late for it.
 *
 * Events repeat themselves: a compressor that remembers those before makes a third to
 * a fifteenth of their bytes. What comes out of this one is complete with each event,
 * so none waits for the next one to be compressed.
 *
 * ```ts ignore -- it serves for ever
 * import { gzip } from "@tidings/sse/compression";
 * import { serveEvents } from "@tidings/sse/server";
 *
 * const compression = gzip();
 *
 * async function* ticks() {
 *   for (let tick = 0;; tick++) {
 *     yield { event: "tick", data: `${tick}` };
 *     await new Promise((resolve) => setTimeout(resolve, 1000));
 *   }
 * }
 *
 * Deno.serve((request) => serveEvents(request, ticks(), { compression }));
 * ```
 *
 * Clients that do not ask for gzip get what they would get without it. Do not
 * compress a stream that holds a secret next to what an attacker may write: see
 * SECURITY.md.
 *
 * It uses `node:zlib`, which Deno, Node, Bun and workerd have.
 *
 * @module
 */

import { acceptsGzip } from "./_compression/accept_encoding.ts";
import { GzipStream } from "./_compression/gzip_stream.ts";
import { Packer } from "./_compression/packer.ts";
import { SharedWindow } from "./_compression/window.ts";
import { assertCount, assertNumber } from "./_numbers.ts";
import type { EventCompression } from "./server.ts";

export type { EventCompression } from "./server.ts";

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
   * How far back the compressor looks for what repeats: 2 to the power of so many
   * bytes, an integer from 9 to 15. To be of use, that has to be several events.
   *
   * @default {13}
   */
  windowBits?: number | undefined;
  /**
   * How much memory the compressor takes to find it: an integer from 1, the least,
   * to 9.
   *
   * @default {5}
   */
  memLevel?: number | undefined;
}

/**
 * Makes what `serveEvents` takes as its `compression`. One may serve all streams of a
 * program.
 *
 * `serveEvents` has a compressor for each client from its second event on, which
 * takes 4 × 2^`windowBits` + 512 × 2^`memLevel` bytes: 48 KiB with the defaults.
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
  const { level = 6, windowBits = 13, memLevel = 5 } = options;
  assertInteger("level", level, 1, 9);
  assertInteger("windowBits", windowBits, 9, 15);
  assertInteger("memLevel", memLevel, 1, 9);
  const checked = { level, windowBits, memLevel };
  const packer = new Packer(checked);
  return {
    coding: "gzip",
    accepts: acceptsGzip,
    openStream: () => new GzipStream(packer),
    openWindow: (leastClients) =>
      new SharedWindow(checked, packer, leastClients),
  };
}

function assertInteger(
  name: string,
  value: number,
  least: number,
  most: number,
): void {
  const verb = "make gzip compression";
  assertNumber(verb, name, value, least, most);
  assertCount(verb, name, value, least);
}
