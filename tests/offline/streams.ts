// Copyright 2026 the Tidings authors. MIT license.

/**
 * Stands in for `@std/streams` where JSR is out of reach: the three functions that our
 * tests and examples use. `tests/offline/streams_test.ts` holds it to the outcomes of
 * the real package.
 *
 * @module
 */

/** Gives all that a stream holds, as text. */
export async function toText(
  stream: ReadableStream<string> | ReadableStream<Uint8Array>,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream as ReadableStream<string | Uint8Array>) {
    text += typeof chunk === "string"
      ? chunk
      : decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Gives the chunks of all streams, each as it comes, and fails as the first of them. */
export function mergeReadableStreams<T>(
  ...streams: ReadableStream<T>[]
): ReadableStream<T> {
  return new ReadableStream({
    start(controller): void {
      const copy = async (stream: ReadableStream<T>) => {
        // Once this stream has ended, `enqueue()` throws, and the loop cancels.
        for await (const chunk of stream) controller.enqueue(chunk);
      };
      Promise.all(streams.map(copy))
        .then(() => controller.close())
        .catch((error) => controller.error(error));
    },
  });
}

/** Splits text into lines, of which the last one needs no end. */
export class TextLineStream extends TransformStream<string, string> {
  constructor({ allowCR = false }: { allowCR?: boolean } = {}) {
    const lineEnd = allowCR ? /\r\n|\n|\r(?!$)/ : /\r?\n/;
    let rest = "";
    super({
      transform(chunk, controller) {
        const lines = (rest + chunk).split(lineEnd);
        // Cannot fail: a text has a first part.
        rest = lines.pop()!;
        for (const line of lines) controller.enqueue(line);
      },
      flush(controller) {
        if (rest === "") return;
        controller.enqueue(allowCR ? rest.replace(/\r$/, "") : rest);
      },
    });
  }
}
