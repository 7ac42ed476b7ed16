// Copyright 2026 the Tidings authors. MIT license.

/**
 * Stands in for `@std/http/server-sent-event-stream` where JSR is out of reach,
 * so that the tests that need it can be listed, as ignored.
 */

/** Never sent: the tests that would are ignored. */
export interface ServerSentEventMessage {
  data?: string;
}

/** Refuses to be made: the tests that would are ignored. */
export class ServerSentEventStream
  extends TransformStream<ServerSentEventMessage, Uint8Array> {
  constructor() {
    throw new Error("@std/http is not available: JSR is out of reach");
  }
}
