// Copyright 2026 the Tidings authors. MIT license.

/**
 * Watches over what ends one subscriber's stream from outside: the client leaves, nobody
 * reads the response, or its lifetime is over.
 *
 * @module
 */

import { type Lifetime, watchLifetime } from "../_server/lifetime.ts";
import {
  type DepartureListener,
  onDeparture,
  whenAnswered,
} from "../_server/request_hooks.ts";
import { watchStart } from "../_server/start_timeout.ts";
import type { CloseReason } from "../server.ts";

/** What ends a stream from outside. */
export interface SubscriberWatchOptions {
  /** What ends it early; `undefined` if nothing does. */
  readonly lifetime: Lifetime | undefined;
  /** Milliseconds for which nobody may begin to read the body; may be `Infinity`. */
  readonly startTimeout: number;
}

/** A stream that ends from outside. */
interface Endable {
  readonly isClosed: boolean;
  end(reason: CloseReason): void;
}

/** The timers and listeners of one stream. */
export class SubscriberWatch implements DepartureListener {
  /** Cleared when the watch ends: the request may hold the watch for longer. */
  #stream: Endable | undefined;
  #endStartWatch: (() => void) | undefined;
  /** Whether the body is read, or nobody has to read it any more. */
  #hasBegun = false;
  #endListening: (() => void) | undefined;
  #endLifetime: (() => void) | undefined;

  /**
   * Begins to watch. It may end the stream at once.
   *
   * @param request The request that is answered.
   * @param options What else ends the stream.
   * @param stream The stream.
   */
  constructor(
    request: Request,
    { lifetime, startTimeout }: SubscriberWatchOptions,
    stream: Endable,
  ) {
    this.#stream = stream;
    if (lifetime !== undefined) this.#limit(lifetime);
    // Where a middleware reads the body in place of the client, or nobody does, only the
    // request tells that the client has left.
    this.#endListening = onDeparture(request, this);
    // A lifetime that is over before would end the stream anyway.
    if (startTimeout < (lifetime?.maxDuration ?? Infinity)) {
      this.#awaitBegin(request, startTimeout);
    }
    if (stream.isClosed) this.stop();
  }

  /** Called when the client leaves, and when nobody has read the body in time. */
  handleDeparture(): void {
    this.#stream?.end("client");
  }

  /** Notes that the body is read. */
  begin(): void {
    this.#hasBegun = true;
    this.#endStartWatch?.();
    this.#endStartWatch = undefined;
  }

  /** Ends the watch, and releases its timers and listeners. */
  stop(): void {
    this.begin();
    this.#stream = undefined;
    this.#endListening?.();
    this.#endLifetime?.();
  }

  // Methods of their own: a function that is made in one keeps all of its scope in memory.

  #limit(lifetime: Lifetime): void {
    this.#endLifetime = watchLifetime(
      lifetime,
      (reason) => this.#stream?.end(reason),
    );
  }

  #awaitBegin(request: Request, startTimeout: number): void {
    whenAnswered(request, () => {
      if (this.#hasBegun) return;
      this.#endStartWatch = watchStart(
        startTimeout,
        () => this.handleDeparture(),
      );
    });
  }
}
