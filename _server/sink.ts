// Copyright 2026 the Tidings authors. MIT license.

/**
 * Where sessions, subscribers and sockets write the chunks of one response: to a stream
 * here, to a response of `node:http` in `node/`. A sink tells its owner when the client
 * has room (back-pressure), and when it has left.
 *
 * @module
 */

import { PlatformReadableStream } from "../_platform_class.ts";

/** Takes the chunks of one response, at the pace of its client. */
export interface Sink {
  /**
   * Takes a chunk, also where there is no room: then it waits in memory. Other sinks may
   * have the same chunk, so it must not be changed.
   */
  write(chunk: Uint8Array<ArrayBuffer>): void;
  /** Whether a chunk would leave at once, or at least as soon as one can. */
  readonly hasRoom: boolean;
  /** Ends the response after what was written. Nothing may be written after it. */
  end(): void;
  /** Cuts the response off with an error, which the runtime sees and the client does not. */
  fail(error: unknown): void;
}

/** What writes to a sink. */
export interface SinkOwner {
  /**
   * Called with the sink, first of all. Called again with another sink if the response is
   * served in another way before the client has begun to read and anything was written.
   */
  connect(sink: Sink): void;
  /**
   * Called when there is room after there was none: first when the client begins to
   * read, and then after each write that left no room.
   */
  handleRoom(): void;
  /**
   * Called when the client has left, but never within a call of the sink. From then on
   * the sink does nothing.
   */
  handleDeparture(): void;
}

/** The error of reading a body that a server sends by another sink. */
export const TAKEN_OVER = "Cannot read body: the server sends it already";

/**
 * Opens the stream of a response.
 *
 * @param owner What writes to it.
 * @param highWaterMark How many chunks have room while no read waits for one. With 0,
 * there is room only while a read waits.
 * @returns The stream. Its owner is told of room once it is read.
 */
export function openStream(
  owner: SinkOwner,
  highWaterMark: 0 | 1,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new StreamSink(owner, highWaterMark).stream;
}

/**
 * Takes the owner of a stream, to connect it to another sink. If the stream is read
 * nevertheless, it fails.
 *
 * @param stream Any stream.
 * @returns The owner; `undefined` if {@linkcode openStream} has not made the stream, if
 * the stream was read, locked or cancelled, or if it has ended already.
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
  /** Set by `start()`, which the stream's constructor calls. */
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  /** Whether the client has left. */
  #hasLeft = false;
  /**
   * Whether a chunk is being handed to the stream: within that call, `Deno.serve` cancels
   * the stream if the client has left.
   */
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

  /** Gives the owner to another sink, if that is still possible. */
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
    // A stream that has failed has `null`.
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
   * Called by the stream when it has room. The stream does not call it again while the
   * promise is pending, however much is written. That makes a write as cheap as a stream
   * allows.
   */
  pull(): Promise<void> | undefined {
    // With a high-water mark of 1 the stream pulls once before it is read, and again when
    // it is read.
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

  /** Notes that there is no room until the stream pulls again. */
  #fill(): void {
    this.#hasRoom = false;
    this.#endPull?.();
    this.#endPull = undefined;
  }
}

/** A stream that knows its sink. A `WeakMap` would make each collection of garbage slower. */
class SinkStream extends PlatformReadableStream<Uint8Array<ArrayBuffer>> {
  readonly #sink: StreamSink;

  constructor(sink: StreamSink, highWaterMark: number) {
    super(sink, { highWaterMark });
    this.#sink = sink;
  }

  static sinkOf(stream: ReadableStream): StreamSink | undefined {
    return #sink in stream ? stream.#sink : undefined;
  }
}
