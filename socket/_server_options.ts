// Copyright 2026 the Tidings authors. MIT license.

/**
 * The options of `serveSocket()`; `_server_option_checks.ts` checks them.
 *
 * @module
 */

import type { CorsOptions } from "../_server/cors.ts";
import type { EventResponseOptions } from "../_server/options.ts";

/** Options for `serveSocket()`. */
export interface ServeSocketOptions
  extends
    Pick<EventResponseOptions, "keepAlive" | "headers" | "allowTransform"> {
  /**
   * The subprotocols that the server speaks, the preferred one first. It chooses the first
   * that the client offers too. If there is none, the socket opens only if the client has
   * offered none.
   */
  protocols?: readonly string[] | undefined;
  /**
   * Which pages of other origins may open a socket. By default none may: the requests of
   * their pages get status 403. A page is of another origin if its `Origin` has another
   * host or port than the request's `Host`, unless `origins` lists it, or the browser says
   * `Sec-Fetch-Site: same-origin`, as it does over HTTPS.
   */
  cors?: CorsOptions | undefined;
  /**
   * The site's own origins, where a proxy changes `Host` on the way: pages of these may
   * open a socket, as well as those of the request's own host. An origin is written as a
   * browser sends it: scheme, host in lower case, a port only if it is not the scheme's own,
   * and no slash at the end.
   */
  origins?: readonly string[] | undefined;
  /**
   * Whether the host, port and scheme that the page sees are read from `Forwarded`, or from
   * `X-Forwarded-Host`, `X-Forwarded-Port` and `X-Forwarded-Proto`, instead of `Host`. Of
   * several values the first counts. Set it only behind a proxy that writes these headers.
   *
   * @default {false}
   */
  trustProxy?: boolean | undefined;
  /**
   * Closes the socket with 1001 when it is aborted, for a server that shuts down.
   * `shutdown()` of `Deno.serve` waits for open responses, so abort this first.
   */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds for which the client may be away, or may leave a close unconfirmed,
   * before the socket is closed with 1006: 1 to 2 147 483 647. A client whose response nobody
   * reads is away, such as one that a middleware has thrown away, and so is one whose
   * WebSocket does not open. The body of a POST may take as long; beyond it the status is
   * 408, and the client repeats the POST.
   *
   * @default {30_000}
   */
  sessionTimeout?: number | undefined;
  /**
   * Bytes that a message of the client may have, of text as UTF-8. Beyond it the socket is
   * closed with 1009.
   *
   * @default {1_048_576}
   */
  maxMessageSize?: number | undefined;
  /**
   * Bytes that a POST may have; the client divides its messages accordingly.
   * A message has to fit in, and base64 makes a message of bytes a third larger. Beyond it
   * the status is 413, and the socket is closed with 1009.
   *
   * @default {4_194_304}
   */
  maxBatchSize?: number | undefined;
  /**
   * Bytes that are buffered for one socket, in both directions together: messages that the
   * client has not confirmed, with 64 bytes more for each, and the part that has come of a
   * message that is not complete, counted in steps of 16 384. Beyond it, messages that
   * were not sent yet are dropped, and the socket is closed with 1013.
   *
   * This is the back-pressure against a slow client: while more than half of the limit was
   * not sent yet, the response to a POST waits, and so do the client's next messages.
   *
   * @default {16_777_216}
   */
  maxBuffered?: number | undefined;
  /**
   * Sockets that there may be in this process, of all its endpoints. Beyond it, a request
   * for another socket gets status 503.
   *
   * @default {10_000}
   */
  maxSessions?: number | undefined;
  /**
   * Sockets that there may be with one `key`. `onLimit` says what happens with further
   * ones.
   *
   * @default {Infinity}
   */
  maxSessionsPerKey?: number | undefined;
  /**
   * What happens with a request for one more socket than `maxSessionsPerKey`:
   *
   * - `"refuse"`: it gets status 429.
   * - `"replaceOldest"`: it opens, and the oldest socket with its key is closed with 1008 and
   *   a reason. The session of that socket ends at once.
   *
   * A client that has vanished counts for `sessionTimeout`, which keeps its own user out with
   * `"refuse"`. With `"replaceOldest"`, an application that opens a new socket after each
   * close replaces its own sockets for ever, one by the other: it must not do so after 1008.
   *
   * @default {"refuse"}
   */
  onLimit?: "refuse" | "replaceOldest" | undefined;
  /** The owner of the socket, for `maxSessionsPerKey`: a user, or an address. */
  key?: string | undefined;
}
