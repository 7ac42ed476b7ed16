// Copyright 2026 the Tidings authors. MIT license.

/**
 * A `Request` of method GET that is made only when more of it is read than its method,
 * its URL and what streams need. `toRequest()` makes it.
 *
 * @module
 */

import type { Exchange } from "./_exchange.ts";
import { delegateMissingMembers } from "./_delegate_members.ts";
import {
  HOOKS,
  type RequestHooks,
  type RequestWithHooks,
} from "../_server/request_hooks.ts";

/** Makes the real request. */
type MakeRequest = (url: string, exchange: Exchange) => Request;

/**
 * Passes for a request of method GET. In Node 20, a real one costs more than all the rest
 * of a response. Where a platform reads the state of a request other than under symbols,
 * no other object passes for a request, and `toRequest()` makes a `HookedRequest` in Node.
 */
export class LazyRequest implements RequestWithHooks {
  readonly #url: string;
  readonly #exchange: Exchange;
  readonly #make: MakeRequest;
  /** The real request: set when it is needed. */
  #real: Request | undefined;

  static {
    const sample = new Request("http://localhost/");
    delegateMissingMembers(
      this.prototype,
      sample,
      (lazy) => lazy.#real ??= lazy.#make(lazy.#url, lazy.#exchange),
    );
  }

  /**
   * Makes a request, lazily where the platform allows that.
   *
   * @param url Its URL.
   * @param exchange Its exchange, of method GET.
   * @param make Makes the real request.
   * @returns The request.
   * @throws {TypeError} If the URL is not one that a `Request` can have.
   */
  static make(url: string, exchange: Exchange, make: MakeRequest): Request {
    const href = PASSES_FOR_REAL ? normalize(url) : undefined;
    return href === undefined
      ? make(url, exchange)
      : asRequest(new LazyRequest(href, exchange, make));
  }

  constructor(url: string, exchange: Exchange, make: MakeRequest) {
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

  get [HOOKS](): RequestHooks {
    return this.#exchange;
  }
}

/** The URL of the last request, and what it is normalized: most clients ask for the same. */
let lastUrl = "";
let lastHref: string | undefined;

/**
 * Normalizes a URL as a request does; `undefined` if it has credentials, on which a real
 * request throws the platform's own error.
 */
function normalize(url: string): string | undefined {
  if (url !== lastUrl) {
    const { href, username, password } = new URL(url);
    lastHref = username === "" && password === "" ? href : undefined;
    lastUrl = url;
  }
  return lastHref;
}

/** Whether a lazy request passes for a real one where the platform takes a request. */
const PASSES_FOR_REAL = passesForReal();

function passesForReal(): boolean {
  const url = "http://localhost/";
  const headers = { "x-header": "a" };
  const make = () => new Request(url, { headers });
  // Nothing reads the exchange.
  const lazy = new LazyRequest(url, undefined as unknown as Exchange, make);
  try {
    const copy = new Request(asRequest(lazy));
    return copy.url === url && copy.headers.has("x-header");
  } catch {
    return false;
  }
}

function asRequest(lazy: LazyRequest): Request {
  // `delegateMissingMembers()` has defined all members of a request.
  return lazy as unknown as Request;
}
