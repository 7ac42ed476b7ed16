// Copyright 2026 the Tidings authors. MIT license.

/**
 * Opens the reader of a response's body: for `readEvents()` and for the client's connections.
 *
 * @module
 */

import { IS_DENO } from "../_is_deno.ts";
import type { ByteChunk } from "./read_start.ts";
import { BODY_BUFFER_LENGTH } from "./sizes.ts";

/** What is used of a reader, or an async iterator made alike. */
export interface BodyReader {
  readonly closed?: Promise<unknown>;
  read(): Promise<ByteChunk>;
  cancel(reason?: unknown): Promise<unknown>;
  releaseLock?(): void;
}

/**
 * Opens the reader of a body, `undefined` if it can be read in no way. The body of
 * node-fetch is a stream of Node, which is an async iterable.
 *
 * @param body The body.
 * @param type The type of the response whose body it is, if it is one's.
 */
export function openReader(
  body: Partial<ReadableStream<Uint8Array>> | null | undefined,
  type?: ResponseType,
): BodyReader | undefined {
  // Deno makes a buffer of 64 KiB for each chunk of a body, which costs five times as much
  // as all else where a chunk is one event (`deno task bench:client`). A program's own
  // response has the type "default". Its stream may end without answering a reader with a
  // buffer, which would wait for ever.
  if (IS_DENO && type === "basic") {
    try {
      const reader = (body as ReadableStream).getReader({ mode: "byob" });
      const readInto = reader.read.bind(reader);
      let buffer = new Uint8Array(BODY_BUFFER_LENGTH);
      const read = async (): Promise<ByteChunk> => {
        const { done, value } = await readInto(buffer);
        if (done) return { done };
        buffer = new Uint8Array(value.buffer);
        return { value: value.slice() };
      };
      return Object.assign(reader, { read });
    } catch {
      // There is none, it is locked, as the other reader tells, or a wrapped response has
      // another stream.
    }
  }
  const reader = body?.getReader?.();
  if (reader) return reader;
  const iterator = body?.[Symbol.asyncIterator]?.();
  return iterator && {
    read: () => iterator.next(),
    cancel: async () => await iterator.return?.(),
  };
}
