// Copyright 2026 the Tidings authors. MIT license.

/** Why a request gets no more than a status and a sentence. The client reads both. */
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
