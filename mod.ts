// Copyright 2026 the Tidings authors. MIT license.

/**
 * Server-sent events for Deno and every runtime with web standards.
 *
 * - {@linkcode readEvents}, {@linkcode EventStreamDecoderStream} and
 *   {@linkcode EventStreamParser} turn the bytes of an event stream into events.
 * - {@linkcode encodeEvent}, {@linkcode encodeEvents} and
 *   {@linkcode EventStreamEncoderStream} turn events into bytes.
 * - {@linkcode connect} and {@linkcode EventSource} stay subscribed to a stream over
 *   lost connections.
 * - {@linkcode serveEvents} answers a request with a stream, and
 *   {@linkcode EventChannel} publishes to many.
 *
 * Each part can be imported alone, as `@tidings/sse/parser`, `@tidings/sse/encoder`,
 * `@tidings/sse/client`, `@tidings/sse/server` or `@tidings/sse/channel`. What not everyone
 * needs has an export of its own: events checked by schemas (`./typed`), streams that
 * outlive their requests (`./runs`), the history of a channel in SQLite, PostgreSQL, Deno KV
 * or Redis (`./sqlite`, `./postgres`, `./deno-kv`, `./redis-streams`), one connection for
 * all tabs of a browser (`./shared`), a connection that follows the life of its page
 * (`./page`), compression (`./compression`), what every log must do as cases for any test
 * runner (`./testing`), the interface of `WebSocket` over an event stream (`./socket`,
 * `./socket-server`), the bridge to `node:http` (`./node`) and the command line (`./cli`).
 *
 * The parser, the encoder and the client run in Deno, Node.js from 20.19, Bun,
 * Cloudflare Workers, browsers and their workers; the server and the channels in all
 * of these but browsers.
 *
 * @example From events to bytes and back
 * ```ts
 * import { encodeEvents, readEvents } from "@tidings/sse";
 * import { assertEquals } from "@std/assert";
 *
 * const response = new Response(
 *   encodeEvents([{ data: "a", id: 1 }, { event: "tick", data: "b" }]),
 *   { headers: { "content-type": "text/event-stream" } },
 * );
 *
 * assertEquals(await Array.fromAsync(readEvents(response)), [
 *   { event: "message", data: "a", id: "1", lastEventId: "1" },
 *   { event: "tick", data: "b", id: undefined, lastEventId: "1" },
 * ]);
 * ```
 *
 * @module
 */

export {
  type DatalessEventInit,
  EVENT_STREAM_TYPE,
  type JsonEventInit,
  type JsonMessageInit,
  type ServerSentEvent,
  type ServerSentEventInit,
  type TextEventInit,
  type TypedEventInit,
} from "./event.ts";
export {
  EventStreamDecoderStream,
  EventStreamError,
  type EventStreamErrorCode,
  type EventStreamErrorOptions,
  EventStreamParser,
  type EventStreamParserOptions,
  readEvents,
  type ReadEventsOptions,
} from "./parser.ts";
export {
  encodeEvent,
  encodeEvents,
  EventStreamEncoderStream,
} from "./encoder.ts";
export {
  type BackoffOptions,
  type Clock,
  connect,
  type ConnectionResponse,
  type ConnectionState,
  type ConnectOptions,
  type Disconnection,
  type DisconnectReason,
  type EventHandler,
  EventSource,
  EventSourceError,
  type EventSourceErrorEvent,
  type EventSourceErrorOptions,
  type EventSourceEventMap,
  type EventSourceInit,
  type EventStreamConnection,
} from "./client.ts";
export {
  type CloseReason,
  type CorsOptions,
  type EventCompression,
  type EventIterable,
  type EventResponseOptions,
  type EventSession,
  serveEvents,
  type ServeEventsOptions,
  type ServeEventsSource,
  stopReconnecting,
  type StopReconnectingOptions,
} from "./server.ts";
export {
  EventChannel,
  type EventChannelClient,
  type EventChannelCloseOptions,
  type EventChannelDisconnectOptions,
  type EventChannelOptions,
  type EventChannelPublishOptions,
  type EventChannelServeOptions,
  type EventChannelStall,
  type EventGap,
  type EventSnapshot,
  type EventSnapshotContext,
  type SharedEventSnapshot,
  type StreamCounters,
  TopicSet,
} from "./channel.ts";
export {
  type EventLog,
  type EventLogAppendOptions,
  type EventLogBatch,
  type EventLogClaim,
  EventLogClaimError,
  type EventLogClaimOptions,
  EventLogEntryError,
  type EventLogFollowOptions,
  type EventLogOpenOptions,
  type EventLogOptions,
  type EventLogReadOptions,
  type EventLogs,
  type EventLogState,
  type LoggedEvent,
  MemoryEventLog,
  type MemoryEventLogOptions,
  MemoryEventLogs,
} from "./log.ts";
