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
  /**
   * Called with the sink, before all else; and again with another one in its place,
   * if the client has not begun to read and nothing was written.
   */
  connect(sink: Sink): void;
  /**
   * Called when there is room after there was none: first when the client begins to
   * read, and then after each write that left no room.
   */
  handleRoom(): void;
  /**
   * Called when the client has left, but never within a call of the sink. What is
   * done with the sink then has no effect.
   */
  handleDeparture(): void;
}

/** Why a body cannot be read that the server has taken over. */
export const TAKEN_OVER =
  "Cannot read body: the server sends it already, one that was not served is wanted";

/**
 * Opens the stream of a response.
 *
 * @param owner What writes to it.
 * @param highWaterMark The chunks for which there is room while nobody waits for
 * one. With 0, there is room only where somebody does.
 * @returns The stream. Its owner is told of room once somebody reads it.
 */
export function openStream(
  owner: SinkOwner,
  highWaterMark: 0 | 1,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new StreamSink(owner, highWaterMark).stream;
}

/**
 * Takes a stream's owner away from it, to connect it to another sink. The stream
 * fails if it is read nevertheless.
 *
 * @param stream Any stream.
 * @returns The owner, `undefined` if the stream is not one that {@linkcode openStream}
 * has made, if it was read, locked or cancelled, or if it has ended already.
 */
export function takeOver(stream: ReadableStream): SinkOwner | undefined {
  return stream.locked ? undefined : SinkStream.sinkOf(stream)?.disconnect();
}

/** The sink that is the source of a stream. */
export class StreamSink
  implements Sink, UnderlyingDefaultSource<Uint8Array<ArrayBuffer>> {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** `undefined` once the stream was taken over. */
  #owner: SinkOwner | undefined;
  /** Whether the client has begun to read, or something was written. */
  #isUsed = false;
  // `start` sets it while the stream is made.
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #hasLeft = false;
  /** Set while a chunk is handed to the stream: `Deno.serve` cancels it there and then if the client has left. */
  #isWriting = false;
  /** Set by a pull, cleared by the write that fills the stream. */
  #hasRoom = false;
  /** Ends the pull under way: set by a pull that leaves room, cleared when that is gone. */
  #endPull: (() => void) | undefined;

  /** Takes what {@linkcode openStream} takes. */
  constructor(owner: SinkOwner, highWaterMark: 0 | 1) {
    this.#owner = owner;
    // Not a byte stream, which detaches the buffers of chunks that others share.
    this.stream = new SinkStream(this, highWaterMark);
    owner.connect(this);
  }

  get hasRoom(): boolean {
    return this.#hasRoom;
  }

  /** Gives the owner away, if that is possible. */
  disconnect(): SinkOwner | undefined {
    if (this.#isUsed) return undefined;
    const owner = this.#owner;
    this.#owner = undefined;
    return owner;
  }

  write(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.#hasLeft) return;
    this.#isUsed = true;
    this.#isWriting = true;
    this.#controller.enqueue(chunk);
    this.#isWriting = false;
    // It is null for a stream that has failed.
    if ((this.#controller.desiredSize ?? 0) <= 0) this.#fill();
  }

  end(): void {
    if (this.#hasLeft) return;
    this.#isUsed = true;
    this.#fill();
    this.#controller.close();
  }

  fail(error: unknown): void {
    if (this.#hasLeft) return;
    this.#isUsed = true;
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
    // With a high-water mark of 1 the stream pulls once although nobody reads it, and
    // again when somebody does.
    this.#isUsed ||= this.stream.locked;
    if (!this.#isUsed) return undefined;
    if (this.#owner === undefined) throw new TypeError(TAKEN_OVER);
    this.#hasRoom = true;
    this.#owner.handleRoom();
    if (!this.#hasRoom) return undefined;
    return new Promise((resolve) => {
      this.#endPull = resolve;
    });
  }

  /** Called by the stream when the client has left. */
  cancel(): void {
    this.#isUsed = true;
    this.#hasLeft = true;
    this.#fill();
    const owner = this.#owner;
    if (this.#isWriting) queueMicrotask(() => owner?.handleDeparture());
    else owner?.handleDeparture();
  }

  /** From now on there is no room, until the stream pulls again. */
  #fill(): void {
    this.#hasRoom = false;
    this.#endPull?.();
    this.#endPull = undefined;
  }
}

/** A stream that knows its sink. A map from the one to the other costs each collection of garbage. */
class SinkStream extends ReadableStream<Uint8Array<ArrayBuffer>> {
  readonly #sink: StreamSink;

  constructor(sink: StreamSink, highWaterMark: number) {
    super(sink, { highWaterMark });
    this.#sink = sink;
  }

  static sinkOf(stream: ReadableStream): StreamSink | undefined {
    return #sink in stream ? stream.#sink : undefined;
  }
}
