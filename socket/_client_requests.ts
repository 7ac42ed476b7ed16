// Copyright 2026 the Tidings authors. MIT license.

/**
 * The requests of one client's socket: the headers of the requests for its stream, and
 * its POSTs.
 *
 * @module
 */

import { startIdleTimer } from "../_idle_timer.ts";
import { isMistake } from "../_client/mistake.ts";
import { isTransientStatus } from "../_client/transient_status.ts";
import { EVENT_STREAM_TYPE } from "../event.ts";
import type { EventStreamSocketOptions } from "./_client_options.ts";
import { readRefusal, type Refusal } from "./_refusal_reason.ts";
import {
  NEW_SESSION,
  ORIGIN_HEADER,
  PROTOCOLS_HEADER,
  SESSION_HEADER,
} from "./_wire_format.ts";

/** How a POST went. */
export interface PostResult {
  /** The status; `undefined` if there is no response. */
  status?: number;
  /** Set if the request was refused for good. */
  refusal?: Refusal;
  /** Set if a function of the options has a mistake, so that no POST can be sent. */
  mistake?: { error: unknown };
}

/** Makes the requests, all with the headers of the options. */
export class ClientRequests {
  readonly #url: string;
  readonly #protocols: readonly string[];
  readonly #options: EventStreamSocketOptions;
  /** The session's ID; set once the server has told it. */
  #session: string | undefined;
  /** Aborts the POST that is under way; undefined while there is none. */
  #controller: AbortController | undefined;

  /**
   * @param url The URL that they go to.
   * @param protocols The subprotocols that the server may choose from.
   * @param options How they are sent.
   */
  constructor(
    url: string,
    protocols: readonly string[],
    options: EventStreamSocketOptions,
  ) {
    this.#url = url;
    this.#protocols = protocols;
    this.#options = options;
  }

  /** Makes all later requests those of a session. */
  join(session: string): void {
    this.#session = session;
  }

  /** Makes the headers of a request for the stream. */
  async makeStreamHeaders(): Promise<Headers> {
    const headers = await this.#makeHeaders();
    headers.set(SESSION_HEADER, this.#session ?? NEW_SESSION);
    // Only to the page's own origin: to another one, a browser tells the origin itself, and
    // a server that lists the headers it takes would refuse this one.
    const { origin } = globalThis as { origin?: string };
    if (origin === new URL(this.#url).origin) {
      headers.set(ORIGIN_HEADER, origin);
    }
    if (this.#session === undefined && this.#protocols.length > 0) {
      headers.set(PROTOCOLS_HEADER, this.#protocols.join(", "));
    }
    return headers;
  }

  /**
   * Sends one POST.
   *
   * @param body The events, encoded.
   * @param lastId The ID of the last event that has come.
   * @returns How it went.
   */
  async post(
    body: Uint8Array<ArrayBuffer>,
    lastId: number,
  ): Promise<PostResult> {
    const {
      fetch = globalThis.fetch,
      withCredentials,
      idleTimeout = Infinity,
    } = this.#options;
    const controller = new AbortController();
    this.#controller = controller;
    const stopTimer = startIdleTimer(idleTimeout, () => controller.abort());
    let promise: Promise<Response> | undefined;
    try {
      const init: RequestInit = {
        method: "POST",
        headers: await this.#makePostHeaders(lastId),
        body,
        signal: controller.signal,
      };
      if (withCredentials) init.credentials = "include";
      promise = fetch(this.#url, init);
      const response = await promise;
      const { status } = response;
      if (status >= 300 && !isTransientStatus(status)) {
        return { status, refusal: await readRefusal(response) };
      }
      // The status is the answer: a POST whose body cannot be cancelled is not repeated. That
      // of node-fetch has no cancel().
      await response.body?.cancel?.().catch(() => {});
      return { status };
    } catch (error) {
      // Without a promise, it was a function of the options that threw.
      const hasMistake = promise === undefined || isMistake(error);
      return hasMistake ? { mistake: { error } } : {};
    } finally {
      stopTimer();
      // After a fetch has rejected, abort() of its signal throws in undici.
      this.#controller = undefined;
    }
  }

  /** Aborts the POST that is under way. */
  abort(): void {
    this.#controller?.abort();
  }

  async #makeHeaders(): Promise<Headers> {
    const { headers } = this.#options;
    const made = new Headers(
      typeof headers === "function" ? await headers() : headers,
    );
    // It is the socket that counts what has come.
    made.delete("Last-Event-ID");
    return made;
  }

  async #makePostHeaders(lastId: number): Promise<Headers> {
    const headers = await this.#makeHeaders();
    headers.set(SESSION_HEADER, this.#session ?? NEW_SESSION);
    headers.set("Content-Type", EVENT_STREAM_TYPE);
    if (lastId > 0) headers.set("Last-Event-ID", `${lastId}`);
    return headers;
  }
}
