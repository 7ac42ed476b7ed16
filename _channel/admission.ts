// Copyright 2026 the Tidings authors. MIT license.

/**
 * Decides which clients a channel admits: none once it is closed, and no more than its
 * limits allow. The channel asks it for each request that may get a stream.
 *
 * @module
 */

import { Admission, type AdmittedClient } from "../_server/admission.ts";
import {
  answerEmpty,
  DEFAULT_RETRY_AFTER,
  refuse,
  type RefusedRequest,
} from "../_server/refuse.ts";
import { assertName } from "../_validate.ts";
import { encodeEvent } from "../encoder.ts";
import type { CloseReason } from "../server.ts";
import type { CheckedChannelOptions } from "./option_checks.ts";
import { drawReconnectionTime } from "./reconnection_time.ts";

/** What a closed channel answers. */
export interface Closing {
  readonly status: 204 | 503;
  /**
   * The reconnection time in milliseconds. Each client is told a time between this and
   * twice this.
   */
  readonly retry: number | undefined;
}

const FULL = {
  503: "Cannot serve events: the channel has too many clients",
  429: "Cannot serve events: this client has too many streams",
};

/** A subscriber that may have to make room for a newer one. */
interface ReplaceableSubscriber {
  end(reason: "replaced"): void;
}

/** A client that is admitted to a channel. */
export interface AdmittedSubscriber extends AdmittedClient {
  /** What writes its stream; set once the response is made. */
  subscriber?: ReplaceableSubscriber;
}

/** The admission to one channel. */
export class ChannelAdmission {
  readonly #options: CheckedChannelOptions;
  readonly #admission = new Admission();
  /** Set once the channel is closed. */
  #closing: Closing | undefined;

  /** @param options The options of the channel. */
  constructor(options: CheckedChannelOptions) {
    this.#options = options;
  }

  /** Whether the channel is closed. */
  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Closes the channel: no client is admitted any more. The first call counts. */
  close(closing: Closing): void {
    this.#closing ??= closing;
  }

  /** Makes the last chunk of a client when the channel is closed. */
  makeFarewell(): Uint8Array<ArrayBuffer> | undefined {
    const retry = this.#closing?.retry;
    return retry === undefined
      ? undefined
      : encodeEvent({ retry: drawReconnectionTime(retry) });
  }

  /**
   * Decides on a request. It is not counted before {@linkcode ChannelAdmission.enter}.
   *
   * @param request The request.
   * @param negotiation What was negotiated about it.
   * @param clients How many clients the channel has.
   * @returns The client, or the response that refuses it.
   */
  decide(
    request: Request,
    negotiation: RefusedRequest,
    clients: number,
  ): AdmittedSubscriber | Response {
    if (this.#closing !== undefined) {
      const { status, retry } = this.#closing;
      if (status === 204) return answerEmpty(negotiation.headers);
      const wait = retry === undefined
        ? DEFAULT_RETRY_AFTER
        : drawReconnectionTime(retry);
      const message = "Cannot serve events: the channel is closed";
      return refuse(negotiation, status, message, wait);
    }
    const { key, maxSubscribers, maxSubscribersPerKey, onLimit } =
      this.#options;
    const limits = {
      maxClients: maxSubscribers,
      maxClientsPerKey: maxSubscribersPerKey,
      replacesOldest: onLimit === "replaceOldest",
    };
    const decision = this.#admission.decide(clients, limits, () => {
      const value = key?.(request);
      if (value !== undefined) assertName("serve event channel", "key", value);
      return value;
    });
    if (typeof decision !== "number") return { key: decision.key };
    const { retry = DEFAULT_RETRY_AFTER } = this.#options;
    return refuse(negotiation, decision, FULL[decision], retry);
  }

  /**
   * Counts a client. The count ends when the returned callback is called, which calls
   * `onClose`.
   */
  enter(
    client: AdmittedSubscriber,
    onClose: ((reason: CloseReason) => void) | undefined,
  ): ((reason: CloseReason) => void) | undefined {
    if (client.key === undefined) return onClose;
    const leave = this.#admission.enter(
      client.key,
      () => client.subscriber?.end("replaced"),
    );
    return (reason) => {
      leave();
      onClose?.(reason);
    };
  }

  /**
   * Notes the subscriber of a client that was counted, and ends the oldest ones of its key
   * if there are too many now. An `onClose` is called in this: it may close the channel,
   * which then ends the new subscriber too.
   */
  settle(client: AdmittedSubscriber, subscriber: ReplaceableSubscriber): void {
    if (client.key === undefined) return;
    client.subscriber = subscriber;
    const { maxSubscribersPerKey } = this.#options;
    this.#admission.endOldest(client.key, maxSubscribersPerKey);
  }
}
