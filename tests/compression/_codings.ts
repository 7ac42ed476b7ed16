// Copyright 2026 the Tidings authors. MIT license.

/** The codings that this runtime has, each with a strict reader of its streams. */

import * as zlib from "node:zlib";
import {
  brotli,
  type EventCompression,
  gzip,
  hasZstd,
  zstd,
} from "../../compression/mod.ts";
import process from "node:process";
import { join, readSoFar, readWhole } from "./_gzip_model.ts";
import { readZstdFrames } from "./_zstd_model.ts";

/** A coding, and how to read its streams. */
export interface TestedCoding {
  /** As it stands in `Content-Encoding`. */
  name: string;
  make(): EventCompression;
  /** Whether clients of a channel get the same bytes. */
  isShared: boolean;
  /** Reads a whole stream: it throws if anything of it is wrong or missing. */
  readWhole(stream: readonly Uint8Array[]): string;
  /** Reads what has come of a stream that goes on. */
  readSoFar(stream: readonly Uint8Array[]): string;
}

const GZIP: TestedCoding = {
  name: "gzip",
  make: () => gzip(),
  isShared: true,
  readWhole,
  readSoFar,
};

const ZSTD: TestedCoding = {
  name: "zstd",
  make: () => zstd(),
  isShared: true,
  readWhole: (stream) => readZstdFrames(join(stream), true),
  readSoFar: (stream) => readZstdFrames(join(stream), false),
};

/** An empty last block, after a flush. */
const BROTLI_END = 3;

const BROTLI: TestedCoding = {
  name: "br",
  make: () => brotli(),
  isShared: false,
  readWhole: (stream) => {
    const bytes = join(stream);
    // Deno's decompressor takes a stream without an end.
    const last = bytes.at(-1);
    if (last !== BROTLI_END && bytes.byteLength > 1) {
      throw new Error("It has no end");
    }
    return decode(zlib.brotliDecompressSync(bytes));
  },
  readSoFar: (stream) => {
    const finishFlush = zlib.constants.BROTLI_OPERATION_FLUSH;
    return decode(zlib.brotliDecompressSync(join(stream), { finishFlush }));
  },
};

/** The codings that this runtime has. */
export const CODINGS: readonly TestedCoding[] = [
  GZIP,
  ...hasZstd() ? [ZSTD] : [],
  BROTLI,
];

/** Those whose streams share what is compressed. */
export const SHARED_CODINGS: readonly TestedCoding[] = CODINGS.filter((
  { isShared },
) => isShared);

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Those that `fetch` of this runtime decompresses. That of Deno has no zstd. */
export const FETCHED_CODINGS: readonly TestedCoding[] = CODINGS.filter((
  { name },
) => name !== "zstd" || fetchHasZstd());

function fetchHasZstd(): boolean {
  const versions: Record<string, string | undefined> = process.versions;
  if ("deno" in versions) return false;
  return "bun" in versions || Number.parseInt(versions["node"] ?? "") >= 24;
}
