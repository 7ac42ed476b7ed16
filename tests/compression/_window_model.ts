// Copyright 2026 the Tidings authors. MIT license.

/** Clients of a window, and what each of them is to have read. */

import { assertEquals } from "@std/assert";
import type { EventCompression } from "../../compression/mod.ts";
import {
  CODEC,
  type CompressedStream,
  type WindowChunk,
} from "../../_server/compression.ts";
import type { TestedCoding } from "./_codings.ts";
import { drawEvent } from "./_gzip_model.ts";
import type { Random } from "../support/random.ts";

const encoder = new TextEncoder();

/** A client of a window, and what it is to have read. */
export class Reader {
  readonly #stream: CompressedStream;
  readonly chunks: Uint8Array[] = [];
  text = "";

  constructor(stream: CompressedStream) {
    this.#stream = stream;
  }

  /** Gets what only this client gets. */
  take(text: string): void {
    this.chunks.push(this.#stream.encode(encoder.encode(text)));
    this.text += text;
  }

  /** Gets what all clients of a window get: a chunk that has this text. */
  takeShared(chunk: WindowChunk, text: string): void {
    this.chunks.push(this.#stream.encodeShared(chunk));
    this.text += text;
  }

  /** The bytes of the latest chunk. */
  get latest(): number {
    return this.chunks.at(-1)!.byteLength;
  }

  end(): void {
    this.chunks.push(this.#stream.end());
  }
}

/** Clients that come, stay away, get something of their own, and leave, at random. */
export function checkWindow(
  random: Random,
  { [CODEC]: compression }: EventCompression,
  { readSoFar, readWhole }: TestedCoding,
): void {
  const window = compression.openWindow();
  let readers: Reader[] = [];
  const left: Reader[] = [];
  let before: [chunk: WindowChunk, text: string] | undefined;
  for (let round = 0; round < 60; round++) {
    while (random.onceIn(3)) readers.push(new Reader(compression.openStream()));
    const text = drawEvent(random, round);
    let chunk: WindowChunk | undefined;
    const everybodyIsAway = random.onceIn(10);
    for (const reader of readers) {
      if (everybodyIsAway || random.onceIn(8)) continue;
      if (random.onceIn(12)) reader.take(drawEvent(random, round));
      // Some get a chunk of their own that is the same, take one twice, or come late.
      if (random.onceIn(20)) chunk = undefined;
      chunk ??= window.add(encoder.encode(text));
      if (before && random.onceIn(20)) reader.takeShared(...before);
      reader.takeShared(chunk, text);
      if (random.onceIn(20)) reader.takeShared(chunk, text);
      if (random.onceIn(12)) reader.take(":\n\n");
    }
    if (chunk !== undefined) before = [chunk, text];
    for (const reader of readers) {
      if (random.onceIn(20)) left.push(reader);
    }
    readers = readers.filter((reader) => !left.includes(reader));
  }
  window.close();
  for (const reader of [...left, ...readers]) {
    const { text, chunks } = reader;
    assertEquals(readSoFar(chunks), chunks.length === 0 ? "" : text);
    reader.end();
    assertEquals(readWhole(chunks), text);
  }
}
