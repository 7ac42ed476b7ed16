// Copyright 2026 the Tidings authors. MIT license.

/**
 * Cuts what waits in a send buffer into chunks of a bounded size. A server's session
 * writes its stream with it.
 *
 * @module
 */

import { encodeEvents } from "../encoder.ts";
import { joinChunks } from "../_server/join_chunks.ts";
import type { SendBuffer } from "./_send_buffer.ts";

/** The most bytes of one chunk of the stream. */
const CHUNK_SIZE = 65_536;
const NOTHING = new Uint8Array(0);

/** Takes events from a send buffer, and gives them in chunks. */
export class ChunkCutter {
  readonly #sendBuffer: SendBuffer;
  /** Bytes that were taken from the buffer, and are in no chunk yet. */
  #rest: Uint8Array<ArrayBuffer> = NOTHING;

  /** @param sendBuffer The buffer. */
  constructor(sendBuffer: SendBuffer) {
    this.#sendBuffer = sendBuffer;
  }

  /** Whether there is another chunk. */
  get hasOutput(): boolean {
    return this.hasRest || this.#sendBuffer.hasWaiting;
  }

  /** Whether the last chunk has ended within an event. */
  get hasRest(): boolean {
    return this.#rest.length > 0;
  }

  /** Takes the next chunk. */
  take(): Uint8Array<ArrayBuffer> {
    if (!this.hasRest) {
      const taken = encodeEvents(this.#sendBuffer.take(CHUNK_SIZE));
      if (taken.length <= CHUNK_SIZE) return taken;
      this.#rest = taken;
    }
    // A copy: a part of the buffer would keep all of it in memory. A client that resumes
    // its stream again and again, and reads nothing, would hold a whole message for each
    // connection.
    const chunk = this.#rest.slice(0, CHUNK_SIZE);
    this.#rest = this.#rest.subarray(CHUNK_SIZE);
    return chunk;
  }

  /** Takes all that waits, as one chunk of any size. */
  takeAll(): Uint8Array<ArrayBuffer> {
    const rest = this.#rest;
    this.dropRest();
    return joinChunks([rest, encodeEvents(this.#sendBuffer.take(Infinity))]);
  }

  /** Drops the rest of an event: the stream has ended, and another one begins with it. */
  dropRest(): void {
    this.#rest = NOTHING;
  }
}
