// Copyright 2026 the Tidings authors. MIT license.

/** From a `Response` to a response of `node:http` or `node:http2`. */

import type { Exchange } from "./_exchange.ts";
import { LazyResponse } from "./_lazy_response.ts";
import { type SinkOwner, takeOver } from "../_server/sink.ts";

/** Headers that HTTP/2 forbids: they are about a connection of HTTP/1. */
const CONNECTION_HEADERS = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
];

/**
 * Sends the head of a response, and all of its body at the pace at which the client
 * takes it, but not its end.
 *
 * @returns What else writes to the response, if its body is one that this package
 * made: then it is to be connected, and sends the end as well.
 */
export async function sendResponse(
  response: Response,
  exchange: Exchange,
): Promise<SinkOwner | undefined> {
  const { incoming: { method, httpVersionMajor }, outgoing } = exchange;
  // HTTP/2 would make 200 of the status 0.
  if (response.type === "error") {
    throw new TypeError(
      "Cannot send response: it is Response.error(), one with a status is wanted",
    );
  }
  const isRead = method !== "HEAD" && !exchange.hasLeft;
  const owner = isRead ? takeOverBody(response) : undefined;
  const reader = owner === undefined ? response.body?.getReader() : undefined;
  try {
    if (httpVersionMajor < 2) outgoing.statusMessage = response.statusText;
    outgoing.writeHead(response.status, headersOf(response, httpVersionMajor));
    if (!isRead) {
      await reader?.cancel(exchange.signal.reason);
    } else if (reader !== undefined) {
      // The client learns that the stream is open before there is an event.
      outgoing.flushHeaders?.();
      await sendBody(reader, exchange);
    }
  } catch (error) {
    owner?.handleDeparture();
    // Without effect where it was the body that failed.
    reader?.cancel(error).catch(() => {});
    throw error;
  }
  return owner;
}

/** What writes the body, if this package made it and it is as good as new. */
function takeOverBody(response: Response): SinkOwner | undefined {
  const owner = LazyResponse.takeOver(response);
  if (owner !== undefined) return owner;
  return response.body === null ? undefined : takeOver(response.body);
}

function headersOf(
  { headers }: Response,
  httpVersionMajor: number,
): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.fromEntries(headers);
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) record["set-cookie"] = cookies;
  if (httpVersionMajor >= 2) {
    for (const name of CONNECTION_HEADERS) delete record[name];
  }
  return record;
}

async function sendBody(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  exchange: Exchange,
): Promise<void> {
  const { outgoing } = exchange;
  let cancellation: Promise<void> | undefined;
  let goOn = (): void => {};
  outgoing.on("drain", () => goOn());
  exchange.onDeparture(() => {
    cancellation = reader.cancel(exchange.signal.reason);
    // It is awaited below, unless the body has failed as well: that error counts.
    cancellation.catch(() => {});
    goOn();
  });
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!outgoing.write(value) && !exchange.hasLeft) {
      await new Promise<void>((resolve) => goOn = resolve);
    }
  }
  await cancellation;
}
