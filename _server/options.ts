// Copyright 2026 the Tidings authors. MIT license.

/**
 * The public options of responses with an event stream: those that servers, channels,
 * runs and sockets share, and those of `serveEvents` and `stopReconnecting`. There is no
 * behaviour here.
 *
 * @module
 */

import type { EventCompression } from "./compression.ts";
import type { CorsOptions } from "./cors.ts";

/** The options that all responses with an event stream share. */
export interface EventResponseOptions {
  /**
   * The most milliseconds for which a stream is silent: a comment is sent before, so that
   * no server, proxy or load balancer takes the connection for dead. 0 to 2 147 483 647,
   * where 0 sends none. Nothing is sent to a client that does not read.
   *
   * In Bun it is 5000 by default: `Bun.serve` closes a connection that is silent for 10
   * seconds.
   *
   * Where there is nothing to send when the client begins to read, one comment goes out
   * at once, also with 0: Firefox opens an `EventSource` at the first byte.
   *
   * @default {15_000}
   */
  keepAlive?: number | undefined;
  /**
   * The client's reconnection time in milliseconds, an integer from 0 to
   * 2 147 483 647. It is sent first. Left out, the client keeps its own.
   */
  retry?: number | undefined;
  /**
   * The methods that get a stream; others are answered with 405. With `"GET"`,
   * HEAD is answered too, with the headers alone.
   *
   * @default {["GET"]}
   */
  methods?: readonly string[] | undefined;
  /**
   * Headers to add to every response. They may replace `x-accel-buffering: no` and the
   * `no-store` of `cache-control`; see `allowTransform` for its `no-transform`. Refused are
   * `content-type`, `content-length`, where there is `compression` also `content-encoding`,
   * and the headers that belong to the connection, such as `connection` itself.
   */
  headers?: HeadersInit | undefined;
  /**
   * Whether middleware, proxies and CDNs may change the response, as by compressing it.
   * What compresses tends to wait for more events, and holds each of them back.
   *
   * Left out, they may not: `no-transform` is added to the `cache-control` of every
   * response, also to one of `headers`. `compression` still applies: it is the server that
   * compresses then, at each event.
   *
   * @default {false}
   */
  allowTransform?: boolean | undefined;
  /** Which pages of other origins may read the stream. Left out, none. */
  cors?: CorsOptions | undefined;
  /**
   * Ends the stream when it is aborted, for a server that shuts down: the response ends
   * after what was sent, and the client reconnects. `shutdown()` of `Deno.serve` waits
   * for open responses, so abort this signal first. It even waits for a client that
   * never reads to its end; only the `signal` of `Deno.serve` itself cuts that off.
   */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds after which the stream ends, whatever happens, and the client
   * reconnects with a new request, for example with a new token: 0 to 2 147 483 647, or
   * `Infinity`.
   *
   * @default {Infinity}
   */
  maxDuration?: number | undefined;
  /**
   * Milliseconds for which nobody may begin to read the response's body before the stream
   * ends: 1 to 2 147 483 647, or `Infinity`. It ends a response that a middleware has
   * thrown away or replaced. No runtime tells of that, and the client would count for
   * ever.
   *
   * @default {10_000}
   */
  startTimeout?: number | undefined;
  /**
   * The query parameter that brings the last event ID of a client that cannot set
   * headers. The header wins. Left out, only the header counts.
   */
  lastEventIdParameter?: string | undefined;
}

/** Options for {@linkcode serveEvents}. */
export interface ServeEventsOptions extends EventResponseOptions {
  /**
   * Bytes that may wait for a slow client, where `send` is not awaited: at least 0.
   * Beyond, what waits is dropped, the session is closed as `"overflow"`, and the
   * client has to resume by its last event ID. One event may always wait, however
   * large. Events of an iterable do not wait: they are not asked for. Of what is
   * compressed, the compressed bytes count. The buffers of the runtime and the system
   * come on top.
   *
   * @default {1_048_576}
   */
  maxBuffered?: number | undefined;
  /**
   * How the stream is compressed for a client that asks for it, such as `compress()` of
   * `@tidings/sse/compression`: each event at once, by a compressor of its own.
   * Left out, it is not; see SECURITY.md for when it must not be.
   */
  compression?: EventCompression | undefined;
  /**
   * Called with whatever the source throws, also while it is released, and with
   * the error of an event that cannot be sent. The response then ends as it does
   * otherwise, and the client reconnects; nothing of the error reaches it. What is
   * thrown because `session.signal` was aborted is no error. What `onError` throws
   * becomes a warning.
   *
   * Left out, the body of the response fails with the error: the runtime reports
   * it and cuts the connection, and the client reconnects as well. An error after the end
   * of the response is a warning.
   *
   * @param error What was thrown.
   * @param request The request that is answered.
   */
  onError?: ((error: unknown, request: Request) => void) | undefined;
}

/** Options for {@linkcode stopReconnecting}. */
export interface StopReconnectingOptions
  extends Pick<EventResponseOptions, "headers" | "allowTransform"> {
  /**
   * Which pages of other origins may read the response. A page that may not read it
   * does not see its status: by the specification that is a network error like any
   * other, after which the page reconnects.
   */
  cors?: CorsOptions | undefined;
}
