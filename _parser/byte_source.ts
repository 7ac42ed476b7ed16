// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the iterator of `readEvents()` reads from: a response, a stream or an async
 * iterable, made alike.
 *
 * @module
 */

import { EventStreamError } from "./event_stream_error.ts";
import { findResponseFault } from "./response_fault.ts";
import { describeMismatch } from "../_validate.ts";

/** What `readEvents()` reads from. */
export type EventBytes =
  | Response
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

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

const VERB = "read events";

/**
 * Opens what `readEvents()` accepts.
 *
 * @throws {EventStreamError} If a response is not an event stream; its body is
 * cancelled.
 * @throws {TypeError} If the source is none of the three, or is locked.
 */
export function openByteSource(
  source: EventBytes,
  ignoreContentType: boolean | undefined,
): ByteSource {
  // Told apart by shape: a response may come from another realm or library. That of React
  // Native has no body, and a request of Node has headers.
  const response = source as Partial<Response> | undefined;
  if (response?.headers && response.status !== undefined) {
    source = openResponse(response as Response, ignoreContentType);
  }
  const reader = (source as Partial<ReadableStream<Uint8Array>> | undefined)
    ?.getReader?.();
  if (reader) {
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
  const iterator = (source as Partial<AsyncIterable<Uint8Array>> | undefined)
    ?.[Symbol.asyncIterator]?.();
  if (iterator) {
    return {
      read: () => iterator.next(),
      cancel: async () => await iterator.return?.(),
    };
  }
  const expected = "a Response, a stream or an async iterable";
  throw new TypeError(describeMismatch(VERB, "source", expected, source));
}

function openResponse(
  response: Response,
  ignoreContentType: boolean | undefined,
): ReadableStream<Uint8Array> {
  const { status, body, headers } = response;
  const fault = findResponseFault(response, VERB, ignoreContentType);
  if (!fault && body) return body;
  const contentType = headers.get("content-type");
  const error = new EventStreamError(
    fault?.code ?? "missing-body",
    fault?.message ?? describeMismatch(VERB, "body", "a stream", body),
    { status, contentType },
  );
  // The error that counts is thrown; a locked body is its reader's to cancel.
  cancelBody(body, error).catch(() => {});
  throw error;
}

/** Cancels the body of a response, which in node-fetch is a stream of Node. */
async function cancelBody(
  body:
    | { cancel?: (reason: unknown) => unknown; destroy?: () => unknown }
    | null,
  reason: unknown,
): Promise<void> {
  await (body?.cancel?.(reason) ?? body?.destroy?.());
}
