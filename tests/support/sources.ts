// Copyright 2026 the Tidings authors. MIT license.

/** Sources of bytes that remember what was done to them. */

const ENCODER = new TextEncoder();

/** A stream whose chunks the test sends one by one. */
export interface ManualSource {
  readonly stream: ReadableStream<Uint8Array>;
  /** The reasons that the stream was cancelled with. */
  readonly cancelled: unknown[];
  send(text: string): void;
  end(): void;
  fail(error: unknown): void;
}

/** Makes a stream that the test feeds. */
export function manualSource(): ManualSource {
  const cancelled: unknown[] = [];
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({
    start(given): void {
      controller = given;
    },
    cancel(reason): void {
      cancelled.push(reason);
    },
  });
  return {
    stream,
    cancelled,
    send: (text) => controller.enqueue(ENCODER.encode(text)),
    end: () => controller.close(),
    fail: (error) => controller.error(error),
  };
}

/** A source that has sent these chunks and is still open. */
export function openSource(...chunks: string[]): ManualSource {
  const source = manualSource();
  for (const chunk of chunks) source.send(chunk);
  return source;
}

/** A stream of these chunks, which then ends. */
export function streamOf<T>(chunks: Iterable<T>): ReadableStream<T> {
  return ReadableStream.from(chunks);
}

/** Async iterable chunks that end in an error or stay open, and count return(). */
export class IterableSource implements AsyncIterable<Uint8Array> {
  returns = 0;
  readonly #chunks: string[];
  readonly #last: () => Promise<IteratorResult<Uint8Array>>;

  constructor(
    chunks: string[],
    last: () => Promise<IteratorResult<Uint8Array>> = () =>
      Promise.resolve({ done: true, value: undefined }),
  ) {
    this.#chunks = chunks;
    this.#last = last;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    const chunks = this.#chunks.values();
    return {
      next: () => {
        const { done, value } = chunks.next();
        return done
          ? this.#last()
          : Promise.resolve({ done: false, value: ENCODER.encode(value) });
      },
      return: () => {
        this.returns++;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
}

/** A turn of the event loop, in which rejections that nobody handles show up. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
