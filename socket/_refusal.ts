// Copyright 2026 the Tidings authors. MIT license.

/** Why a request gets no more than a status and a sentence. The client reads both. */
export class Refusal extends Error {
  /** The status of the answer. */
  readonly status: number;
  /** What closes the socket as well, if anything does. */
  readonly code: number | undefined;

  /**
   * @param status The status of the answer.
   * @param message What was wrong, and what is wanted.
   * @param code What closes the socket as well.
   */
  constructor(status: number, message: string, code?: number) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
