// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells the application that the stream of a client has opened, and that it has ended:
 * once each, and in this order. `serveClient()` makes them for each client.
 *
 * @module
 */

import type { TopicSet } from "./topic_set.ts";
import { callBack } from "../_warning.ts";
import type { CloseReason } from "../server.ts";

/** A client of a channel, as its callbacks see it. */
export interface EventChannelClient {
  /**
   * The topics with which the client was served: those of `serve`, as they were given. A
   * {@linkcode TopicSet} has its topics of this moment.
   */
  readonly topics: readonly string[] | TopicSet | "all";
  /**
   * What the `key` of the channel has returned for its request; `undefined` without one.
   */
  readonly key: string | undefined;
}

/** The options that are called back. */
export interface ClientCallbackOptions {
  readonly onOpen?: ((client: EventChannelClient) => void) | undefined;
  readonly onClose?:
    | ((reason: CloseReason, client: EventChannelClient) => void)
    | undefined;
}

/** The callbacks of one client. */
export class ClientCallbacks {
  readonly #client: EventChannelClient;
  readonly #options: readonly ClientCallbackOptions[];
  #state: "new" | "opening" | "open" = "new";
  /** Why the stream has ended, if that was while `onOpen` was called. */
  #reason: CloseReason | undefined;

  /**
   * @param client What they are told of the client.
   * @param options The options, in the order in which they are called.
   */
  constructor(
    client: EventChannelClient,
    options: readonly ClientCallbackOptions[],
  ) {
    this.#client = client;
    // No more than the callbacks: the options hold signals and headers.
    this.#options = options.map(({ onOpen, onClose }) => ({ onOpen, onClose }));
  }

  /** Tells that the stream has opened, unless that was told. */
  open(): void {
    if (this.#state !== "new") return;
    this.#state = "opening";
    for (const { onOpen } of this.#options) {
      if (onOpen) callBack("onOpen", () => onOpen(this.#client));
    }
    this.#state = "open";
    if (this.#reason !== undefined) this.close(this.#reason);
  }

  /** Tells that the stream has ended, once it was told that it has opened. */
  close(reason: CloseReason): void {
    this.open();
    if (this.#state === "opening") {
      this.#reason = reason;
      return;
    }
    for (const { onClose } of this.#options) {
      if (onClose) callBack("onClose", () => onClose(reason, this.#client));
    }
  }
}

/**
 * Makes the callbacks of a client; `undefined` if there are none, so that a client without
 * them takes no memory for them.
 */
export function makeClientCallbacks(
  client: EventChannelClient,
  options: readonly ClientCallbackOptions[],
): ClientCallbacks | undefined {
  const hasCallbacks = options.some(({ onOpen, onClose }) => onOpen ?? onClose);
  return hasCallbacks ? new ClientCallbacks(client, options) : undefined;
}
