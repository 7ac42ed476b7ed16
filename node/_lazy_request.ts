// Copyright 2026 the Tidings authors. MIT license.

/** A `Request` that is not made before more than its method and URL is asked for. */

import type { Exchange } from "./_exchange.ts";
import { LazyResponse } from "./_lazy_response.ts";
import { delegateMissingMembers } from "./_delegate_members.ts";
import {
  GET_HEADER,
  ON_DEPARTURE,
  type RequestHooks,
  RESPOND,
} from "../_server/request_hooks.ts";
import type { SinkOwner } from "../_server/sink.ts";

/**
 * Stands for a request of method GET, which in Node 20 costs more than all else that a
 * response takes. Where a platform looks into a request by other ways than symbols,
 * nothing passes for one; but there, making one is cheap.
 */
export class LazyRequest implements RequestHooks {
  readonly #url: string;
  readonly #exchange: Exchange;
  readonly #make: () => Request;
  /** The request that this one stands for: set when it is needed. */
  #genuine: Request | undefined;

  static {
    const sample = new Request("http://localhost/");
    delegateMissingMembers(
      this.prototype,
      sample,
      (lazy) => lazy.#genuine ??= lazy.#make(),
    );
  }

  /**
   * Makes a request, lazily where the platform allows that.
   *
   * @param exchange Its method is GET.
   * @param make Makes the genuine one.
   * @throws {TypeError} If the URL is not one that a `Request` can have.
   */
  static make(url: string, exchange: Exchange, make: () => Request): Request {
    const { href, username, password } = new URL(url);
    // A request refuses credentials in its URL, by an error of its own.
    if (!CAN_STAND_IN || username !== "" || password !== "") return make();
    return asRequest(new LazyRequest(href, exchange, make));
  }

  constructor(url: string, exchange: Exchange, make: () => Request) {
    this.#url = url;
    this.#exchange = exchange;
    this.#make = make;
  }

  get method(): string {
    return "GET";
  }

  get url(): string {
    return this.#url;
  }

  [GET_HEADER](name: string): string | null {
    const value = this.#exchange.incoming.headers[name];
    return value === undefined ? null : String(value);
  }

  [ON_DEPARTURE](listener: () => void): () => void {
    return this.#exchange.onDeparture(listener);
  }

  [RESPOND](
    owner: SinkOwner,
    highWaterMark: 0 | 1,
    headers: Headers,
  ): Response {
    return LazyResponse.make(owner, highWaterMark, headers);
  }
}

/** Whether a lazy request passes for a genuine one where the platform takes a request. */
const CAN_STAND_IN = passesForGenuine();

function passesForGenuine(): boolean {
  const url = "http://localhost/";
  const headers = { "x-header": "a" };
  const make = () => new Request(url, { headers });
  // The exchange is not asked for anything.
  const lazy = new LazyRequest(url, undefined as unknown as Exchange, make);
  try {
    const copy = new Request(asRequest(lazy));
    return copy.url === url && copy.headers.has("x-header");
  } catch {
    return false;
  }
}

function asRequest(lazy: LazyRequest): Request {
  // Whatever a request has was defined above.
  return lazy as unknown as Request;
}
