// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the iterator of `readEvents()` reads from: a response, a stream or an async
 * iterable, made alike.
 *
 * @module
 */

import { EventStreamError } from "./event_stream_error.ts";
import { findResponseFault } from "./response_fault.ts";
import { describeMismatch, quote } from "../_validate.ts";

/** A chunk of bytes, or the end. */
export interface ByteChunk {
  done?: boolean | undefined;
  value?: Uint8Array | undefined;
}

/** A reader or an async iterator, made alike. */
export interface ByteSource {
  /** Reads the next chunk. */
  read(): Promise<ByteChunk>;
  /** Tells the source that nothing more will be read. */
  cancel(reason?: unknown): Promise<unknown>;
  /** Unlocks the source, once it has ended or was cancelled. */
  releaseLock?(): void;
}

/**
 * Opens what `readEvents()` accepts.
 *
 * @throws {EventStreamError} If a response is not an event stream; its body is
 * cancelled.
 * @throws {TypeError} If the source is none of the three, or is locked.
 */
export function openByteSource(
  source: Response | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  ignoreContentType: boolean | undefined,
): ByteSource {
  if (Object(source) === source) {
    // Told apart by shape: a response may come from another realm or library.
    if ("body" in source && "headers" in source) {
      source = openResponse(source, ignoreContentType);
    }
    if ("getReader" in source) return openStream(source);
    if (Symbol.asyncIterator in source) return openIterable(source);
  }
  throw new TypeError(
    "Cannot read events: expected a Response, a stream or an async iterable, " +
      `got ${quote(source)}`,
  );
}

function openResponse(
  response: Response,
  ignoreContentType: boolean | undefined,
): ReadableStream<Uint8Array> {
  const { status, body } = response;
  const verb = "read events";
  const fault = findResponseFault(response, verb, ignoreContentType);
  if (fault === undefined && body !== null) return body;
  const { code, message } = fault ?? {
    code: "missing-body" as const,
    message: describeMismatch(verb, "body", "a stream", body),
  };
  const contentType = response.headers.get("content-type");
  const error = new EventStreamError(code, message, { status, contentType });
  // The error that counts is thrown; a locked body is its reader's to cancel.
  body?.cancel(error).catch(() => {});
  throw error;
}

function openStream(stream: ReadableStream<Uint8Array>): ByteSource {
  const reader = stream.getReader();
  let hasFailed = false;
  reader.closed.catch(() => hasFailed = true);
  return {
    read: () => reader.read(),
    // After the connection broke, cancel() rejects with the reason: a `break` would
    // throw it out of a loop that reads no more.
    cancel: async (reason) => {
      if (!hasFailed) await reader.cancel(reason);
    },
    releaseLock: () => reader.releaseLock(),
  };
}

function openIterable(iterable: AsyncIterable<Uint8Array>): ByteSource {
  const iterator = iterable[Symbol.asyncIterator]();
  return {
    read: () => iterator.next(),
    cancel: async () => await iterator.return?.(),
  };
}
