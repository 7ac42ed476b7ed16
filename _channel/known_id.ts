// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tracks the ID with which a client would come back if its connection dropped now. A
 * subscriber keeps one, to send an ID before the client resumes at a wrong one.
 *
 * @module
 */

/** The last event ID of one client, as far as the events that it was sent tell. */
export class KnownId {
  /**
   * Whether the ID is the subscriber's cursor. It is not if the client is a newcomer, or
   * if the latest event was not for it. Not kept up to date while the subscriber is live.
   */
  #isCursor = false;
  /** The position of the ID. Only kept up to date while the subscriber is live. */
  #position = 0;

  /** Whether the client would come back with the subscriber's cursor. */
  get isCursor(): boolean {
    return this.#isCursor;
  }

  /** Notes whether the client would come back with the subscriber's cursor. */
  setIsCursor(isCursor: boolean): void {
    this.#isCursor = isCursor;
  }

  /** Notes that a live client was sent the ID of a position. */
  moveTo(position: number): void {
    this.#position = position;
  }

  /** Whether a live client would come back with the ID of an earlier position. */
  isBefore(position: number): boolean {
    return this.#position < position;
  }

  /** Notes that the client is live no more, and that the cursor is that of a position. */
  fallBehind(position: number): void {
    this.#isCursor = this.#position === position;
  }
}
