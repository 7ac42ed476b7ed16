// Copyright 2026 the Tidings authors. MIT license.

/**
 * The body of one response: chunks go in at any time, and leave at the pace at which the
 * client reads. Sessions of `serveEvents` and sockets write to it.
 *
 * @module
 */

import { joinChunks } from "./join_chunks.ts";
import type { Sink, SinkOwner } from "./sink.ts";

/**
 * A body that takes chunks at any time once it is connected to its sink. For a slow client
 * it keeps them, and tells how many bytes wait.
 */
export class EventStreamBody implements SinkOwner {
  /** Where chunks go; set by `connect()`, which is called first. */
  #sink!: Sink;
  /**
   * The chunks that the client has not asked for yet. They are kept here: from a stream,
   * nothing can be dropped without an error.
   */
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #waitingBytes = 0;
  /** Whether nothing more may be written. What waits may still leave. */
  #isEnding = false;
  readonly #onRoom: () => void;
  readonly #onDeparture: () => void;

  /**
   * @param onRoom Called whenever the client begins to wait for a chunk, first when
   * it begins to read.
   * @param onDeparture Called when the client leaves before the body was ended.
   */
  constructor(onRoom: () => void, onDeparture: () => void) {
    this.#onRoom = onRoom;
    this.#onDeparture = onDeparture;
  }

  /** Whether the client waits for a chunk. */
  get hasRoom(): boolean {
    return this.#sink.hasRoom;
  }

  /** How many bytes wait for the client. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /**
   * Hands a chunk to the client, or keeps it until the client asks. Does nothing once the
   * body ends.
   */
  write(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.#isEnding) return;
    if (this.#sink.hasRoom) {
      this.#sink.write(chunk);
    } else {
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.byteLength;
    }
  }

  /** Ends the body after what waits. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (this.#waiting.length === 0) this.#sink.end();
  }

  /** Cuts the body off with an error, which the runtime sees and the client does not. */
  fail(error: unknown): void {
    this.drop();
    this.#isEnding = true;
    this.#sink.fail(error);
  }

  /** Drops what waits. */
  drop(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** Called with the sink, when the response is made. */
  connect(sink: Sink): void {
    this.#sink = sink;
  }

  /** Called by the sink when it has room. */
  handleRoom(): void {
    const [first, ...rest] = this.#waiting;
    if (first !== undefined) {
      this.#sink.write(rest.length === 0 ? first : joinChunks(this.#waiting));
      this.drop();
      if (this.#isEnding) this.#sink.end();
    }
    if (!this.#isEnding && this.#sink.hasRoom) this.#onRoom();
  }

  /** Called by the sink when the client has left. */
  handleDeparture(): void {
    this.drop();
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#onDeparture();
  }
}
