// Copyright 2026 the Tidings authors. MIT license.

/** Strict readers of gzip streams, whole or so far, and a model of events. */

import { constants, gunzipSync } from "node:zlib";
import { toText } from "@std/streams";
import type { Random } from "../support/random.ts";

/** Joins chunks. */
export function join(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return joined;
}

/** Reads a whole stream: it throws if anything of it is wrong or missing. */
export function readWhole(stream: readonly Uint8Array[]): string {
  return new TextDecoder().decode(gunzipSync(join(stream)));
}

/** Reads what has come of a stream that goes on. */
export function readSoFar(stream: readonly Uint8Array[]): string {
  const finishFlush = constants.Z_SYNC_FLUSH;
  return new TextDecoder().decode(gunzipSync(join(stream), { finishFlush }));
}

/** Reads a whole stream as `fetch` does. */
export async function readByPlatform(
  stream: readonly Uint8Array[],
): Promise<string> {
  const body = new Blob([join(stream)]).stream();
  return await toText(body.pipeThrough(new DecompressionStream("gzip")));
}

/** Events such as a service sends, of a few kinds. */
export function drawEvent(random: Random, id: number): string {
  const kind = random.below(8);
  if (kind === 0) return ":\n\n";
  if (kind === 1) return `id: ${id}\n\n`;
  const length = kind === 2 ? random.below(40_000) : random.below(200);
  const alphabet = kind === 3 ? "ab" : "etaoin shrdlu,.0123456789";
  return `event: tick\ndata: {"symbol":"${random.pick(["A", "B"])}","text":"${
    random.text([...alphabet], length)
  }"}\nid: ${id}\n\n`;
}
