// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells in words what a reconnection brought, and counts lost and doubled events.
 *
 * @module
 */

/** What happened to a stream of numbered events. */
export class Resumption {
  #name;
  #onMessage;
  /** The number of the last event, `undefined` before the first. */
  #last;
  #lost = 0;
  #doubled = 0;
  /** While it reconnects: the number of the last event before. */
  #from;
  /** The time of the reconnection: older events were missed meanwhile. */
  #reopened = Infinity;
  #caughtUp = 0;

  /**
   * @param {string} name What the numbers count, such as "event".
   * @param {(message: string) => void} onMessage Takes what happened, in words.
   */
  constructor(name, onMessage) {
    this.#name = name;
    this.#onMessage = onMessage;
  }

  /** The number of the last event, `undefined` before the first. */
  get last() {
    return this.#last;
  }

  /** Lost and doubled events in words. */
  get verdict() {
    return `${this.#lost} lost, ${this.#doubled} doubled`;
  }

  get isRight() {
    return this.#lost + this.#doubled === 0;
  }

  /** Begins after an event, `undefined` for the next one, whatever its number. */
  beginAfter(number) {
    this.#last = number;
    this.#from = undefined;
  }

  /** The connection is lost, and the browser tries again. */
  handleDrop() {
    if (this.#last === undefined || this.#from !== undefined) return;
    this.#from = this.#last;
    this.#reopened = Infinity;
    this.#caughtUp = 0;
    this.#onMessage(
      `Dropped after ${this.#nameOf(this.#from)}, reconnecting …`,
    );
  }

  /** There is a connection again. */
  handleReopen() {
    if (this.#from === undefined) return;
    this.#reopened = Date.now();
    this.#tell();
  }

  /**
   * Takes an event.
   *
   * @param {number} number Its number.
   * @param {number} time When it was published.
   */
  add(number, time) {
    if (this.#last !== undefined) {
      if (number <= this.#last) this.#doubled++;
      else this.#lost += number - this.#last - 1;
    }
    this.#last = Math.max(this.#last ?? number, number);
    if (this.#from === undefined) return;
    if (time > this.#reopened) {
      // What comes now is live.
      this.#from = undefined;
      return;
    }
    this.#caughtUp++;
    this.#tell();
  }

  #tell() {
    this.#onMessage(
      `Resumed after ${this.#nameOf(this.#from)}: ` +
        `${this.#caughtUp} caught up, ${this.verdict}.`,
    );
  }

  #nameOf(number) {
    return `${this.#name} #${number}`;
  }
}
