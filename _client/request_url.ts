// Copyright 2026 the Tidings authors. MIT license.

/**
 * The URL that a connection requests: the one it was given, what a function gives for
 * each attempt, or where a redirect has led an `EventSource`.
 *
 * @module
 */

import type { EventSourceInit } from "./connection_options.ts";
import { resolveUrl } from "./resolve_url.ts";

/** A function that makes the URL of each attempt. */
export type MakeUrl = () => string | URL | Promise<string | URL>;

/** The URL of a connection's next request, and of the last one. */
export class RequestUrl {
  readonly #given: string | MakeUrl;
  /** Where the next request goes, if the response before it was redirected. */
  #redirected: string | undefined;
  /** The URL of the last request. */
  last: string;

  /** @param given The URL, absolute, or a function. */
  constructor(given: string | MakeUrl) {
    this.#given = given;
    this.last = typeof given === "function" ? "" : given;
  }

  /** The URL that was given, or the last one that the function gave, at first empty. */
  get given(): string {
    return typeof this.#given === "string" ? this.#given : this.last;
  }

  /** Makes the URL of the next request. */
  async next(): Promise<string> {
    return this.last = this.#redirected ??
      (typeof this.#given === "string"
        ? this.#given
        : resolveUrl(`${await this.#given()}`));
  }

  /**
   * Makes the next request go where a response came from. Spec: the request of an event
   * source keeps the URL that a redirect has given it.
   */
  follow({ redirected, url }: Response): void {
    if (redirected) this.#redirected = url;
  }

  /** The options for the next request: no header of the user's goes to another origin. */
  limit(options: EventSourceInit): EventSourceInit {
    const url = this.#redirected;
    return url === undefined ||
        new URL(url).origin === new URL(this.given).origin
      ? options
      : { ...options, headers: undefined };
  }
}
