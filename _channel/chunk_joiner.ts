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

/** Where joined chunks go. */
interface JoinerOutput {
  /** Writes a chunk, given the number of its events. */
  write(bytes: Uint8Array<ArrayBuffer>, events: number): void;
}

/** Joins small chunks that follow one another into one write. */
export class ChunkJoiner {
  readonly #output: JoinerOutput;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;
  #events = 0;

  /**
   * @param output Writes the joined chunks.
   */
  constructor(output: JoinerOutput) {
    this.#output = output;
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
    const chunks = this.#chunks;
    const [first] = chunks;
    if (first === undefined) return;
    const bytes = chunks.length === 1 ? first : joinChunks(chunks);
    const events = this.#events;
    this.#chunks = [];
    this.#bytes = this.#events = 0;
    this.#output.write(bytes, events);
  }
}
