// Copyright 2026 the Tidings authors. MIT license.

/**
 * The timer that notices when nothing was written at first, or for a while. Sessions of
 * `serveEvents` and sockets then write a comment, a heartbeat: a browser may wait for a
 * first byte before it opens the stream, and a proxy or load balancer may take a silent
 * connection for dead.
 *
 * @module
 */

/** The comment that is written then: a colon and two line feeds. Receivers ignore it. */
export const KEEP_ALIVE_COMMENT: Uint8Array<ArrayBuffer> = new Uint8Array([
  0x3a,
  0x0a,
  0x0a,
]);

/** The last write before the first one. */
const NEVER = -Infinity;

/**
 * Watches for silence. It reads the clock when its timer fires: a timer that is set again
 * at each event would cost more than the event.
 */
export class KeepAlive {
  readonly #delay: number;
  readonly #onSilence: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When something was written last, on the clock of `performance`. */
  #lastWrite = NEVER;

  /**
   * @param delay Milliseconds of silence; with 0 there is no timer.
   * @param onSilence Called after each such silence.
   */
  constructor(delay: number, onSilence: () => void) {
    this.#delay = delay;
    this.#onSilence = onSilence;
  }

  /** Begins to watch. */
  start(): void {
    if (this.#delay === 0) return;
    this.touch();
    this.#arm(this.#delay);
  }

  /**
   * Begins to watch a stream without a byte: the first silence is reported in the next
   * turn of the event loop's timers if nothing was written by then, also if there is no
   * delay. Firefox opens an `EventSource` at the first byte, and Bun sends the headers
   * with it.
   */
  startAtFirstByte(): void {
    this.#lastWrite = NEVER;
    this.#arm(0);
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
      const isSilent = this.#delay === 0
        ? this.#lastWrite === NEVER
        : rest <= 0;
      if (this.#delay > 0) this.#arm(isSilent ? this.#delay : rest);
      if (isSilent) this.#onSilence();
    }, delay);
  }
}
