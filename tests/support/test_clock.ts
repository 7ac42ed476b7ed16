// Copyright 2026 the Tidings authors. MIT license.

import type { Clock } from "../../client.ts";

/**
 * A clock on which every wait is over at once. It keeps the delays that were asked
 * for, and its time moves on by them.
 */
export class SkippingClock implements Clock {
  readonly delays: number[] = [];
  #now = 0;

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, delay: number): unknown {
    this.delays.push(delay);
    this.#now += delay;
    return setTimeout(callback, 0);
  }

  clearTimeout(timer: unknown): void {
    clearTimeout(timer as number);
  }
}
