// Copyright 2026 the Tidings authors. MIT license.

/**
 * The body of one response: chunks go in at any time, and leave at the pace at
 * which the client reads.
 *
 * @module
 */

/** A body that is written to, and that knows whether the client has room. */
export class EventStreamBody {
  /** What the response carries. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  // `start` sets it before the constructor returns.
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  /** What the client has not asked for yet. Kept here and not in the stream, where nothing can be dropped without an error. */
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #waitingBytes = 0;
  /** Whether the client waits for a chunk: set by a read that finds nothing, cleared by the chunk. */
  #hasRoom = false;
  /** Whether nothing may be written any more. What waits may still leave. */
  #isEnding = false;
  /** Called whenever the client begins to wait for a chunk, first when it begins to read. */
  readonly #onRoom: () => void;

  /**
   * @param onRoom Called whenever the client begins to wait for a chunk.
   * @param onCancel Called when the client has left, unless the body was ended before.
   */
  constructor(onRoom: () => void, onCancel: () => void) {
    this.#onRoom = onRoom;
    // Not a byte stream, which detaches the buffers of chunks that others share;
    // and without a high-water mark, `pull` means that somebody waits.
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: () => {
        this.drop();
        if (this.#isEnding) return;
        this.#isEnding = true;
        onCancel();
      },
    }, { highWaterMark: 0 });
  }

  /** Whether the client waits for a chunk. */
  get hasRoom(): boolean {
    return this.#hasRoom;
  }

  /** The bytes that wait for the client. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Hands a chunk to the client, or keeps it until the client asks. */
  write(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.#hasRoom) {
      this.#hasRoom = false;
      this.#controller.enqueue(chunk);
    } else {
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.byteLength;
    }
  }

  /** Ends the body after what waits. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (this.#waiting.length === 0) this.#controller.close();
  }

  /** Cuts the body off with an error, which the runtime gets to see and not the client. */
  fail(error: unknown): void {
    this.drop();
    this.#isEnding = true;
    this.#controller.error(error);
  }

  /** Drops what waits. */
  drop(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #pull(): void {
    const [first, ...rest] = this.#waiting;
    if (first === undefined) {
      this.#hasRoom = true;
      this.#onRoom();
      return;
    }
    const chunk = rest.length === 0 ? first : joinChunks(this.#waiting);
    this.drop();
    this.#controller.enqueue(chunk);
    if (this.#isEnding) this.#controller.close();
  }
}

/** Joins chunks, in a buffer of its own. */
export function joinChunks(
  chunks: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> {
  let byteLength = 0;
  for (const chunk of chunks) byteLength += chunk.byteLength;
  const joined = new Uint8Array(byteLength);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return joined;
}
