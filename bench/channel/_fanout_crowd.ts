// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the clients of one server have got. Their process is told on its standard
 * input how many events each client is to have had in all, and answers with the time
 * at which the last of them had.
 */

import { answerLines } from "../_process.ts";

const MARK = "~".charCodeAt(0);

/** Clients of one server. */
export class Crowd {
  /** How many events each client has had. */
  readonly #events: number[] = [];
  /** How many events each client is to have, and how many clients have them. */
  #goal = Infinity;
  #done = 0;
  #onAll: () => void = () => {};

  /** Adds a client, and gives its number. */
  add(): number {
    return this.#events.push(0) - 1;
  }

  /** Counts what a client has got. */
  take(client: number, bytes: Uint8Array): void {
    const before = this.#events[client]!;
    const after = before + countMarks(bytes);
    this.#events[client] = after;
    if (before >= this.#goal || after < this.#goal) return;
    if (++this.#done === this.#events.length) this.#onAll();
  }

  /** Answers until the standard input ends. */
  async answer(): Promise<void> {
    await answerLines(async (events: number) => {
      await this.#untilAllHave(events);
      return performance.timeOrigin + performance.now();
    });
  }

  async #untilAllHave(events: number): Promise<void> {
    this.#goal = events;
    this.#done = this.#events.filter((each) => each >= events).length;
    if (this.#done === this.#events.length) return;
    await new Promise<void>((resolve) => this.#onAll = resolve);
  }
}

function countMarks(bytes: Uint8Array): number {
  let count = 0;
  for (let i = bytes.indexOf(MARK); i !== -1; i = bytes.indexOf(MARK, i + 1)) {
    count++;
  }
  return count;
}
