// Copyright 2026 the Tidings authors. MIT license.

/**
 * Stands in for `@std/http/server-sent-event-stream` where JSR is out of reach,
 * so that the tests that need it can be listed, as ignored. It claims nothing
 * about the real package: not even its types.
 */

// deno-lint-ignore no-explicit-any
export type ServerSentEventMessage = any;

/** Refuses to be made: the tests that would are ignored. */
export class ServerSentEventStream
  extends TransformStream<ServerSentEventMessage, Uint8Array<ArrayBuffer>> {
  constructor() {
    super();
    throw new Error("Cannot create stream: @std/http is out of reach");
  }
}
