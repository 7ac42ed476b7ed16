// Copyright 2026 the Tidings authors. MIT license.

/**
 * The error of a request's body that other code has read before the handler. The bridge to
 * `node:http` makes it, and sockets tell it from a body that broke off.
 *
 * @module
 */

/** What the developer has to change. */
const ADVICE =
  "mount the handler before express.json() and whatever else reads bodies";

/** Thrown where a body is read that other code has read. */
export class EarlierReadError extends TypeError {
  override readonly name = "TypeError";

  /**
   * @param message What was read.
   * @param options The cause, if there is one.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(`Cannot read request body: ${message}; ${ADVICE}`, options);
  }
}
