// Copyright 2026 the Tidings authors. MIT license.

/**
 * Joins the chunks that a subscriber writes while it catches up. It makes one for each
 * time that it reads on.
 *
 * @module
 */

import { joinChunks } from "../_server/join_chunks.ts";

/**
 * Bytes after which chunks are not joined: copying costs as much as another write then.
 */
const ENOUGH = 16_384;

/** Joins small chunks that follow one another into one write. */
export class ChunkJoiner {
  readonly #write: (bytes: Uint8Array<ArrayBuffer>, events: number) => void;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;
  #events = 0;

  /**
   * @param write Writes a joined chunk, given the number of its events.
   */
  constructor(
    write: (bytes: Uint8Array<ArrayBuffer>, events: number) => void,
  ) {
    this.#write = write;
  }

  /** Whether there is nothing to flush. */
  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** Adds a chunk. A large one is written as it is, after what was added before. */
  add(chunk: Uint8Array<ArrayBuffer>, events: number): void {
    if (this.#bytes + chunk.byteLength > ENOUGH) this.flush();
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    this.#events += events;
    if (this.#bytes > ENOUGH) this.flush();
  }

  /** Writes what was added. */
  flush(): void {
    const [first, ...others] = this.#chunks;
    if (first === undefined) return;
    const bytes = others.length === 0 ? first : joinChunks(this.#chunks);
    const events = this.#events;
    this.#chunks = [];
    this.#bytes = this.#events = 0;
    this.#write(bytes, events);
  }
}
