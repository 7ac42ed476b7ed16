// Copyright 2026 the Tidings authors. MIT license.

/** What an iterator over events reads from, and which responses are accepted. */

import { EventStreamError } from "./_event_stream_error.ts";
import { EVENT_STREAM_TYPE } from "./event.ts";

/** A chunk of bytes, or the end. */
export interface ByteChunk {
  done?: boolean | undefined;
  value?: Uint8Array | undefined;
}

/** A reader or an async iterator, made alike. */
export interface ByteSource {
  /** Reads the next chunk. */
  read(): Promise<ByteChunk>;
  /** Tells the source that no more is wanted. */
  cancel(reason: unknown): Promise<unknown>;
  /** Leaves the source to others, once it has ended or was cancelled. */
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
  ignoreContentType: boolean,
): ByteSource {
  if (typeof source === "object" && source !== null) {
    // Told apart by shape: a response may come from another realm or library.
    if ("body" in source && "headers" in source) {
      return openStream(openResponse(source, ignoreContentType));
    }
    if ("getReader" in source) return openStream(source);
    if (Symbol.asyncIterator in source) return openIterable(source);
  }
  throw new TypeError(
    "Cannot read events: the source is of another type, " +
      "a Response, a ReadableStream or an async iterable is wanted",
  );
}

/**
 * Whether a `Content-Type` is that of an event stream, whatever its parameters.
 *
 * @param contentType The header's value, `null` if there is none.
 */
export function isEventStreamType(contentType: string | null): boolean {
  const [essence] = contentType?.split(";", 1) ?? [];
  return essence?.trim().toLowerCase() === EVENT_STREAM_TYPE;
}

function openResponse(
  response: Response,
  ignoreContentType: boolean,
): ReadableStream<Uint8Array> {
  const { status, body } = response;
  const contentType = response.headers.get("content-type");
  const facts = { status, contentType };
  let error: EventStreamError;
  if (status !== 200) {
    error = new EventStreamError(
      "unexpected-status",
      `Cannot read events: the response has status ${status}, 200 is wanted`,
      facts,
    );
  } else if (!ignoreContentType && !isEventStreamType(contentType)) {
    const found = contentType === null
      ? "no content type"
      : `content type ${JSON.stringify(contentType.slice(0, 40))}`;
    error = new EventStreamError(
      "unexpected-content-type",
      `Cannot read events: the response has ${found}, "${EVENT_STREAM_TYPE}" is wanted`,
      facts,
    );
  } else if (body === null) {
    error = new EventStreamError(
      "missing-body",
      "Cannot read events: the response has no body, an event stream is wanted",
      facts,
    );
  } else {
    return body;
  }
  // The error that counts is thrown; a locked body is its reader's to cancel.
  body?.cancel(error).catch(() => {});
  throw error;
}

function openStream(stream: ReadableStream<Uint8Array>): ByteSource {
  return stream.getReader();
}

function openIterable(iterable: AsyncIterable<Uint8Array>): ByteSource {
  const iterator = iterable[Symbol.asyncIterator]();
  return {
    read: async () => await iterator.next(),
    cancel: async () => await iterator.return?.(),
  };
}
