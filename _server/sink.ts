// Copyright 2026 the Tidings authors. MIT license.

/**
 * Where the chunks of one response go. What writes to a sink knows nothing of
 * streams or sockets; what it is told of the client is told to its owner.
 *
 * @module
 */

/** Takes the chunks of one response, at the pace of its client. */
export interface Sink {
  /**
   * Takes a chunk, also where there is no room: then it waits in memory. Others may
   * have the same chunk, so nobody changes it.
   */
  write(chunk: Uint8Array<ArrayBuffer>): void;
  /** Whether a chunk would leave at once, or at least as soon as one can. */
  readonly hasRoom: boolean;
  /** Ends the response after what was written. Nothing may be written then. */
  end(): void;
  /** Cuts the response off with an error, which the runtime gets to see and not the client. */
  fail(error: unknown): void;
}

/** What writes to a sink. */
export interface SinkOwner {
  /** Called with the sink, before all else. */
  connect(sink: Sink): void;
  /**
   * Called when there is room after there was none: first when the client begins to
   * read, and then after each write that left no room.
   */
  handleRoom(): void;
  /** Called when the client has left. Nothing may be done with the sink then. */
  handleDeparture(): void;
}

/**
 * Opens the stream of a response.
 *
 * @param owner What writes to it.
 * @param highWaterMark The chunks for which there is room while nobody waits for
 * one. With 0, there is room only where somebody does.
 * @returns The stream.
 */
export function openStream(
  owner: SinkOwner,
  highWaterMark: 0 | 1,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const sink = new StreamSink(owner);
  // Not a byte stream, which detaches the buffers of chunks that others share.
  const stream = new ReadableStream(sink, { highWaterMark });
  owner.connect(sink);
  return stream;
}

/** The sink that is the source of a stream. */
class StreamSink
  implements Sink, UnderlyingDefaultSource<Uint8Array<ArrayBuffer>> {
  readonly #owner: SinkOwner;
  // `start` sets it while the stream is made.
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  /** Set by a pull, cleared by the write that fills the stream. */
  #hasRoom = false;
  /**
   * Whether the client has left. It may do so while it is handed a chunk, whose writer
   * goes on before it knows.
   */
  #isOver = false;
  /** Ends the pull under way: set by a pull that leaves room, cleared when that is gone. */
  #endPull: (() => void) | undefined;

  constructor(owner: SinkOwner) {
    this.#owner = owner;
  }

  get hasRoom(): boolean {
    return this.#hasRoom;
  }

  write(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.#isOver) return;
    this.#controller.enqueue(chunk);
    // It is null for a stream that has failed.
    if ((this.#controller.desiredSize ?? 0) <= 0) this.#fill();
  }

  end(): void {
    if (this.#isOver) return;
    this.#fill();
    this.#controller.close();
  }

  fail(error: unknown): void {
    this.#fill();
    this.#controller.error(error);
  }

  /** Called by the stream when it is made. */
  start(
    controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>,
  ): void {
    this.#controller = controller;
  }

  /**
   * Called by the stream when it has room. While the promise is pending it is not
   * called again, however much is written; that makes writing as cheap as the
   * stream can be.
   */
  pull(): Promise<void> | undefined {
    this.#hasRoom = true;
    this.#owner.handleRoom();
    if (!this.#hasRoom) return undefined;
    return new Promise((resolve) => {
      this.#endPull = resolve;
    });
  }

  /** Called by the stream when the client has left. */
  cancel(): void {
    this.#isOver = true;
    this.#fill();
    this.#owner.handleDeparture();
  }

  /** From now on there is no room, until the stream pulls again. */
  #fill(): void {
    this.#hasRoom = false;
    this.#endPull?.();
    this.#endPull = undefined;
  }
}
