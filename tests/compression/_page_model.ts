// Copyright 2026 the Tidings authors. MIT license.

/** A page of about 33 KB, of which one row of 400 changes from event to event. */

import { Random } from "../support/random.ts";

const ROWS = 400;
const WORDS = "alpha beta gamma delta epsilon zeta eta theta".split(" ");

/** A table that is sent whole each time. */
export class Page {
  readonly #random: Random;
  readonly #rows: string[];

  /** @param seed The same seed gives the same pages. */
  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#rows = Array.from({ length: ROWS }, (_, index) => this.#draw(index));
  }

  /** Changes one row, and gives the page. */
  nextData(): string {
    const index = this.#random.below(ROWS);
    this.#rows[index] = this.#draw(index);
    return `<table><tbody>${this.#rows.join("")}</tbody></table>`;
  }

  /** The same, as an event. */
  next(): string {
    return `event: patch\ndata: ${this.nextData()}\n\n`;
  }

  #draw(index: number): string {
    const name = `${this.#random.pick(WORDS)} ${this.#random.pick(WORDS)}`;
    const price = this.#random.below(100_000) / 100;
    return `<tr id="row-${index}" class="row"><td class="name">${name}</td><td>${price}</td></tr>`;
  }
}
