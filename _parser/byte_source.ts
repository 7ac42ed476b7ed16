// Copyright 2026 the Tidings authors. MIT license.

/** What an iterator over events reads from, and which responses are accepted. */

import {
  EventStreamError,
  type EventStreamErrorCode,
} from "./event_stream_error.ts";
import { EVENT_STREAM_TYPE } from "../event.ts";

// Fetch's "extract a MIME type": of all values, the last one that is a MIME type counts,
// other than */*, and a comma in a quoted string separates nothing.
// Deviation: whatever has a slash is taken for a MIME type, also if it does not parse.
const EVENT_STREAM_TYPE_REGEXP =
  /(^|,)[\t ]*text\/event-stream[\t ]*(;("(\\.|[^"\\])*("|$)|[^",])*)?(,([^/]|\*\/\*)*)?$/i;

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
  cancel(reason?: unknown): Promise<unknown>;
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
    `Cannot read events: the source is of type ${typeof source}, ` +
      "a Response, a stream or an async iterable is wanted",
  );
}

/**
 * Whether a `Content-Type` is that of an event stream, whatever its parameters.
 *
 * @param contentType The header's value, `null` if there is none.
 */
export function isEventStreamType(contentType: string | null): boolean {
  return EVENT_STREAM_TYPE_REGEXP.test(`${contentType}`);
}

function openResponse(
  response: Response,
  ignoreContentType: boolean | undefined,
): ReadableStream<Uint8Array> {
  const { status, body } = response;
  const contentType = response.headers.get("content-type");
  let code: EventStreamErrorCode;
  let state: string;
  if (status !== 200) {
    code = "unexpected-status";
    state = `status ${status}, 200`;
  } else if (!ignoreContentType && !isEventStreamType(contentType)) {
    code = "unexpected-content-type";
    state = `content type ${
      JSON.stringify(contentType?.slice(0, 40) ?? null)
    }, "${EVENT_STREAM_TYPE}"`;
  } else if (body === null) {
    code = "missing-body";
    state = "no body, one";
  } else {
    return body;
  }
  const error = new EventStreamError(
    code,
    `Cannot read events: the response has ${state} is wanted`,
    { status, contentType },
  );
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
    // A `break` after the connection broke would throw why, of which the loop that
    // it ends asks nothing.
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
