// Copyright 2026 the Tidings authors. MIT license.

/**
 * The URL that a connection requests: the one it was given, what a function gives for
 * each attempt, or where a redirect has led an `EventSource`.
 *
 * @module
 */

import { resolveUrl } from "./resolve_url.ts";

/** A function that makes the URL of each attempt. */
export type MakeUrl = () => string | URL | Promise<string | URL>;

/** The URL of a connection's next request, and of the last one. */
export class RequestUrl {
  /** Makes the URL of each attempt; unset if that is given. */
  readonly #make: MakeUrl | undefined;
  /**
   * Where the next request goes, set if a response was redirected. Spec: the request of an
   * event source keeps the URL that a redirect has given it.
   */
  redirected: string | undefined;
  /** The URL that was given, or the last one that the function gave, at first empty. */
  given = "";
  /** The URL of the last request. */
  last = "";

  /** @param given The URL, absolute, or a function. */
  constructor(given: string | MakeUrl) {
    if (typeof given === "function") this.#make = given;
    else this.given = this.last = given;
  }

  /** Makes the URL of the next request. */
  async next(): Promise<string> {
    if (this.#make) this.given = resolveUrl(`${await this.#make()}`);
    return this.last = this.redirected ?? this.given;
  }
}
