// Copyright 2026 the Tidings authors. MIT license.

/**
 * A `Request` of method GET for platforms where no other object passes for one, as in Node 24
 * and later. `toRequest()` makes it.
 *
 * @module
 */

import type { Exchange } from "./_exchange.ts";
import {
  HOOKS,
  type RequestHooks,
  type RequestWithHooks,
} from "../_server/request_hooks.ts";

/**
 * The platform's request, with the hooks of its exchange: its signal needs no listener, and
 * the response neither a stream nor an object of the platform.
 */
export class HookedRequest extends Request implements RequestWithHooks {
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

  get [HOOKS](): RequestHooks {
    return this.#exchange;
  }
}
