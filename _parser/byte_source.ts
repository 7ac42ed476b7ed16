// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the iterator of `readEvents()` reads from: a response, a stream or an async
 * iterable, made alike.
 *
 * @module
 */

import { openReader } from "./body_reader.ts";
import { EventStreamError } from "./event_stream_error.ts";
import { type ByteChunk, readStart } from "./read_start.ts";
import { findResponseFault } from "./response_fault.ts";
import { describeMismatch } from "../_validate.ts";

/** What `readEvents()` reads from. */
export type EventBytes =
  | Response
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** A reader, or an async iterator made like one. */
export interface ByteSource {
  /** Rejects if a stream has failed. */
  readonly closed?: Promise<unknown>;
  /** Milliseconds that it may be silent, whatever the options say. */
  readonly timeout?: number;
  /** Reads the next chunk. */
  read(): Promise<ByteChunk>;
  /** Tells the source that nothing more will be read. */
  cancel?(reason?: unknown): Promise<unknown>;
  /** Unlocks the source, once it has ended or was cancelled. */
  releaseLock?(): void;
}

const VERB = "read events";

/**
 * Opens what `readEvents()` accepts.
 *
 * @returns The source. If the response is not an event stream, its first read rejects with
 * an `EventStreamError`.
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
    return openResponse(response as Response, ignoreContentType);
  }
  return openBytes(source as Exclude<EventBytes, Response>);
}

function openResponse(
  response: Response,
  ignoreContentType: boolean | undefined,
): ByteSource {
  const { status, body, headers, type } = response;
  const fault = findResponseFault(response, VERB, ignoreContentType);
  if (!fault && body) return openBytes(body, type);
  let source: Partial<ByteSource> = {};
  try {
    source = openBytes(body, type);
  } catch {
    // There is none, or another reader has it.
  }
  const readBody = source.read?.bind(source);
  const read = async (): Promise<never> => {
    const error = new EventStreamError(
      fault?.code ?? "missing-body",
      fault?.message ?? describeMismatch(VERB, "body", "a stream", body),
      {
        status,
        contentType: headers.get("content-type"),
        body: readBody && await readStart(readBody),
      },
    );
    // The caller gets `error`; a failure to cancel would hide it.
    source.cancel?.(error).catch(() => {});
    throw error;
  };
  return Object.assign(source, { read, timeout: Infinity });
}

/** Opens a stream or an iterable. */
function openBytes(
  source: Exclude<EventBytes, Response> | null,
  type?: ResponseType,
): ByteSource {
  const reader = openReader(
    source as Partial<ReadableStream<Uint8Array>> | null,
    type,
  );
  if (reader) return reader;
  const expected = "a Response, a stream or an async iterable";
  throw new TypeError(describeMismatch(VERB, "source", expected, source));
}
