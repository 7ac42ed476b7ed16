// Copyright 2026 the Tidings authors. MIT license.

/**
 * Calls `onOpen` and `onClose` of the application when the stream of a client has opened
 * and when it has ended: once each, and in this order. `serveClient()` makes them.
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

/** The callbacks among the options of a channel and of `serve()`. */
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
  /** The reason of an end during `onOpen`, for `onClose` after it. */
  #reason: CloseReason | undefined;

  /**
   * @param client The argument of the callbacks.
   * @param options The options of `serve()`, then those of the channel: the order of calls.
   */
  constructor(
    client: EventChannelClient,
    options: readonly ClientCallbackOptions[],
  ) {
    this.#client = client;
    // Keeps the callbacks alone: the options would keep signals and headers in memory for as
    // long as the client is connected.
    this.#options = options.map(({ onOpen, onClose }) => ({ onOpen, onClose }));
  }

  /** Calls `onOpen`, unless it was called. */
  open(): void {
    if (this.#state !== "new") return;
    this.#state = "opening";
    for (const { onOpen } of this.#options) {
      if (onOpen) callBack("onOpen", () => onOpen(this.#client));
    }
    this.#state = "open";
    if (this.#reason !== undefined) this.close(this.#reason);
  }

  /** Calls `onClose`, after `onOpen`. */
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

/** Whether there are callbacks: a client without them takes no memory for them. */
export function hasClientCallbacks(
  options: readonly ClientCallbackOptions[],
): boolean {
  return options.some(({ onOpen, onClose }) => onOpen ?? onClose);
}
