// Copyright 2026 the Tidings authors. MIT license.

import { isEventStreamType } from "../_parser/byte_source.ts";
import type { Clock } from "./clock.ts";
import { EventSourceError } from "./event_source_error.ts";

const BODY_SIZE = 1024;
const BODY_TIMEOUT = 1000;

/** Whether a response is an event stream that the standard lets us read. */
export function isEventStream({ status, headers }: Response): boolean {
  return status === 200 && isEventStreamType(headers.get("Content-Type"));
}

/**
 * Says why a response is no event stream. The beginning of its body is read for
 * that, the rest is cancelled.
 */
export async function describeRefusal(
  response: Response,
  clock: Clock,
  signal: AbortSignal,
): Promise<EventSourceError> {
  const { status, headers } = response;
  const body = await readStart(response.body, clock, signal);
  const facts = { status, headers, body };
  if (status === 204) {
    return new EventSourceError(
      "no-content",
      "Cannot read event stream: the response's status is 204, there is no more",
      facts,
    );
  }
  if (status !== 200) {
    return new EventSourceError(
      "unexpected-status",
      `Cannot read event stream: the response's status is ${status}, 200 is wanted`,
      facts,
    );
  }
  const type = headers.get("Content-Type");
  return new EventSourceError(
    "unexpected-content-type",
    `Cannot read event stream: the response's type is ${
      type === null ? "missing" : JSON.stringify(type.slice(0, 40))
    }, "text/event-stream" is wanted`,
    facts,
  );
}

/** Reads the beginning of a body, as far as it comes, and cancels the rest. */
async function readStart(
  body: ReadableStream<Uint8Array> | null,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  if (body === null) return "";
  const reader = body.getReader();
  // The body may have failed by itself, which is no concern any more.
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel);
  const timer = clock.setTimeout(cancel, BODY_TIMEOUT);
  const decoder = new TextDecoder();
  let text = "";
  let left = BODY_SIZE;
  try {
    while (left > 0) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
    }
  } catch {
    // The status is the error to report; what came of the body stands beside it.
  }
  clock.clearTimeout(timer);
  signal.removeEventListener("abort", cancel);
  cancel();
  return text;
}
