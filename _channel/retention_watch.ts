// Copyright 2026 the Tidings authors. MIT license.

/**
 * Notices when a log's retention is about to pass clients that were sent nothing for a
 * long time. The broadcaster moves it with each broadcast.
 *
 * @module
 */

/** A position and its cursor. */
interface Milestone {
  readonly position: number;
  readonly cursor: string;
}

/**
 * Watches over the oldest position that a client may come back with. A client whose
 * topics are quiet would bring a cursor that the log has dropped, and be told of a gap
 * although it missed nothing.
 *
 * The log is asked for a cursor as far before that position as the end is after it. Once
 * the log has dropped this one, clients are sent a newer cursor. As many events as have
 * come since may still come before the log drops the oldest position itself.
 */
export class RetentionWatch {
  /** Positions from the one that the log is asked for to the newest. */
  #milestones: Milestone[] = [];
  /** Every client has been sent the cursor of this position, or a newer one. */
  #floor = 0;
  readonly #minStep: number;
  readonly #isKept: (cursor: string) => boolean | Promise<boolean>;
  readonly #onNear: (position: number) => void;
  #isAsking = false;

  /**
   * @param minStep The least events between two questions to the log.
   * @param isKept Whether the log still has everything after a cursor.
   * @param onNear Sends a newer cursor to every client that knows none at or after a
   * position.
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

  /** Begins at a position. A client that was elsewhere is sent a cursor of its own. */
  restart(position: number, cursor: string): void {
    this.#floor = position;
    // The log cannot be asked for an unknown cursor.
    this.#milestones = cursor === "" ? [] : [{ position, cursor }];
  }

  /** Moves to the end of the log. */
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
    // `move` has just added one.
    const { cursor } = this.#milestones[0]!;
    this.#isAsking = true;
    const answer = this.#isKept(cursor);
    // A synchronous answer counts before another event can come, so it is not awaited.
    const isKept = typeof answer === "boolean" ? answer : await answer;
    this.#isAsking = false;
    if (isKept) return;
    // Half of the way to the end: clients that know a newer cursor need no comment.
    this.#floor += Math.ceil((position - this.#floor) / 2);
    this.#onNear(this.#floor);
  }
}
