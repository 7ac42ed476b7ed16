// Copyright 2026 the Tidings authors. MIT license.

/**
 * The timer that notices when nothing was written for a while.
 *
 * @module
 */

/** What is written then: receivers ignore it. */
export const KEEP_ALIVE_COMMENT: Uint8Array<ArrayBuffer> = new TextEncoder()
  .encode(":\n\n");

/** Watches for silence. It looks at the clock, and is not set anew at each event. */
export class KeepAlive {
  readonly #delay: number;
  readonly #onSilence: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The time of the last sign of life, on the clock of `performance`. */
  #lastWrite = 0;

  /**
   * @param delay Milliseconds of silence, 0 to never notice it.
   * @param onSilence Called after each such silence.
   */
  constructor(delay: number, onSilence: () => void) {
    this.#delay = delay;
    this.#onSilence = onSilence;
  }

  /**
   * Begins to watch.
   *
   * @param firstDelay Milliseconds of silence before it is noticed for the first
   * time, if that is not the same as later.
   */
  start(firstDelay: number = this.#delay): void {
    if (this.#delay === 0) return;
    this.#lastWrite = performance.now() + firstDelay - this.#delay;
    this.#arm(firstDelay);
  }

  /** Says that something was written just now. */
  touch(): void {
    this.#lastWrite = performance.now();
  }

  /** Ends the watch. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(delay: number): void {
    this.#timer = setTimeout(() => {
      const rest = this.#lastWrite + this.#delay - performance.now();
      this.#arm(rest > 0 ? rest : this.#delay);
      if (rest <= 0) this.#onSilence();
    }, delay);
  }
}
