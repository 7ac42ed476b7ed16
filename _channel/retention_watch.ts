// Copyright 2026 the Tidings authors. MIT license.

/**
 * Notices that a history is about to leave clients behind that nothing was sent to.
 *
 * @module
 */

/** A location, in the terms of a segment and of the log. */
interface Milestone {
  readonly position: number;
  readonly cursor: string;
}

/**
 * Watches over the place that every client knows at least. The history is asked for a
 * place as far before that as the log has come since: once it has lost this one, clients
 * have to be told a newer location, and there is as much time for it as has gone by.
 */
export class RetentionWatch {
  /** Places from the one that the history is asked for to the latest. */
  #milestones: Milestone[] = [];
  /** The position that every client has been told, or a newer one. */
  #floor = 0;
  readonly #minStep: number;
  readonly #isKept: (cursor: string) => boolean | Promise<boolean>;
  readonly #onNear: (position: number) => void;
  #isAsking = false;

  /**
   * @param minStep Events after which the history is asked again, at least.
   * @param isKept Whether everything after a place is still in the catchUp.
   * @param onNear Has every client told a place that knows none of at least a position.
   */
  constructor(
    minStep: number,
    isKept: (cursor: string) => boolean | Promise<boolean>,
    onNear: (position: number) => void,
  ) {
    this.#minStep = minStep;
    this.#isKept = isKept;
    this.#onNear = onNear;
  }

  /** Begins at a location. Whoever comes from elsewhere is told a place by itself. */
  restart(position: number, cursor: string): void {
    this.#floor = position;
    // An unknown place cannot be asked for.
    this.#milestones = cursor === "" ? [] : [{ position, cursor }];
  }

  /** Called as the log goes on. */
  move(position: number, cursor: string): void {
    const distance = position - this.#floor;
    const step = Math.max(this.#minStep, distance >> 5);
    const last = this.#milestones.at(-1)?.position ?? this.#floor;
    if (position - last < step) return;
    this.#milestones.push({ position, cursor });
    const oldest = this.#milestones.findLastIndex((milestone) =>
      milestone.position <= this.#floor - distance
    );
    if (oldest > 0) this.#milestones.splice(0, oldest);
    if (!this.#isAsking) this.#ask(position);
  }

  async #ask(position: number): Promise<void> {
    // One was added just now.
    const { cursor } = this.#milestones[0]!;
    this.#isAsking = true;
    const answer = this.#isKept(cursor);
    // Where the answer is there, no event is to come before it counts.
    const isKept = typeof answer === "boolean" ? answer : await answer;
    this.#isAsking = false;
    if (isKept) return;
    // It has moved half of the way that it may move.
    this.#floor += Math.ceil((position - this.#floor) / 2);
    this.#onNear(this.#floor);
  }
}
