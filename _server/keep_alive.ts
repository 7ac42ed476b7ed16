// Copyright 2026 the Tidings authors. MIT license.

/**
 * The timer that notices when nothing was written for a while. Sessions of `serveEvents`
 * and sockets then write a comment, so that no proxy or load balancer takes the
 * connection for dead.
 *
 * @module
 */

/** The comment that is written then. Receivers ignore it. */
export const KEEP_ALIVE_COMMENT: Uint8Array<ArrayBuffer> = new TextEncoder()
  .encode(":\n\n");

/**
 * Watches for silence. It reads the clock when its timer fires: a timer that is set again
 * at each event would cost more than the event.
 */
export class KeepAlive {
  readonly #delay: number;
  readonly #onSilence: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When something was written last, on the clock of `performance`. */
  #lastWrite = 0;

  /**
   * @param delay Milliseconds of silence; with 0 there is no timer.
   * @param onSilence Called after each such silence.
   */
  constructor(delay: number, onSilence: () => void) {
    this.#delay = delay;
    this.#onSilence = onSilence;
  }

  /**
   * Begins to watch.
   *
   * @param firstDelay Milliseconds of the first silence, if they differ from those of
   * later ones.
   */
  start(firstDelay: number = this.#delay): void {
    if (this.#delay === 0) return;
    this.#lastWrite = performance.now() + firstDelay - this.#delay;
    this.#arm(firstDelay);
  }

  /** Notes that something was written now. */
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
