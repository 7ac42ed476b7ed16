// Copyright 2026 the Tidings authors. MIT license.

/**
 * The error for a request that `serveSocket()` refuses.
 *
 * @module
 */

/** Refuses a request: the client gets the status, and the message as the body. */
export class HttpError extends Error {
  /** The status of the answer. */
  readonly status: number;

  /**
   * @param status The status of the answer.
   * @param message What is wrong.
   */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
