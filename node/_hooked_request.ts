// Copyright 2026 the Tidings authors. MIT license.

/**
 * A `Request` of method GET for platforms where no other object passes for one, as in Node 24
 * and later. `toRequest()` makes it.
 *
 * @module
 */

import type { Exchange } from "./_exchange.ts";
import { LazyResponse } from "./_lazy_response.ts";
import {
  type DepartureListener,
  GET_HEADER,
  ON_DEPARTURE,
  type RequestHooks,
  RESPOND,
  WHEN_ANSWERED,
} from "../_server/request_hooks.ts";

/**
 * The platform's request, with the hooks of its exchange: its signal needs no listener, and
 * the response neither a stream nor an object of the platform.
 */
export class HookedRequest extends Request implements RequestHooks {
  readonly #exchange: Exchange;

  /**
   * Makes a request.
   *
   * @param url Its URL.
   * @param init As for every request.
   * @param exchange Its exchange.
   */
  constructor(url: string, init: RequestInit, exchange: Exchange) {
    super(url, init);
    this.#exchange = exchange;
  }

  [GET_HEADER](name: string): string | null {
    return this.#exchange.getHeader(name);
  }

  [ON_DEPARTURE](listener: DepartureListener): void {
    this.#exchange.onDeparture(listener);
  }

  [WHEN_ANSWERED](listener: () => void): void {
    this.#exchange.whenAnswered(listener);
  }

  [RESPOND](...args: Parameters<typeof LazyResponse.make>): Response {
    return LazyResponse.make(...args);
  }
}
