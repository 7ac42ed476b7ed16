// Copyright 2026 the Tidings authors. MIT license.

import { joinChunks } from "../_server/join_chunks.ts";

/** Bytes after which nothing more is joined: writing costs no more than copying then. */
const ENOUGH = 16_384;

/** Joins the small chunks that a client gets one after the other into one. */
export class ChunkJoiner {
  readonly #write: (bytes: Uint8Array<ArrayBuffer>, events: number) => void;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;
  #events = 0;

  /** @param write Takes what was joined, and how many events it has. */
  constructor(
    write: (bytes: Uint8Array<ArrayBuffer>, events: number) => void,
  ) {
    this.#write = write;
  }

  /** Whether nothing waits to be handed on. */
  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** Adds a chunk. One that is large by itself is handed on as it is. */
  add(chunk: Uint8Array<ArrayBuffer>, events: number): void {
    if (this.#bytes + chunk.byteLength > ENOUGH) this.flush();
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    this.#events += events;
    if (this.#bytes > ENOUGH) this.flush();
  }

  /** Hands on what was added. */
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
