// Copyright 2026 the Tidings authors. MIT license.

/**
 * The runs that this process produces.
 *
 * @module
 */

import type { CheckedRunsOptions } from "./_option_checks.ts";
import type { EventRunsStartOptions } from "./_options.ts";
import { Producer } from "./_producer.ts";
import type { ClaimedRun, Registry } from "./_registry.ts";
import type { EventRunSource } from "./_source.ts";

/** Starts runs, up to a limit, and ends them all. */
export class Producers {
  readonly #options: CheckedRunsOptions;
  readonly #registry: Registry;
  /** Those at work, with what settles at their end. */
  readonly #running = new Map<Producer, Promise<void>>();
  /** How many there are or are about to be. */
  #size = 0;
  #isClosed = false;

  /**
   * @param options The limits.
   * @param registry Where runs are claimed.
   */
  constructor(options: CheckedRunsOptions, registry: Registry) {
    this.#options = options;
    this.#registry = registry;
  }

  /** How many there are or are about to be. */
  get size(): number {
    return this.#size;
  }

  /** Starts a run, if it is to be had, and tells whether it was. */
  async start(
    id: string,
    source: EventRunSource,
    { restart, waitUntil }: EventRunsStartOptions,
  ): Promise<boolean> {
    const { maxRuns } = this.#options;
    if (this.#size >= maxRuns) {
      throw new DOMException(
        `Cannot start run: ${this.#size} are being produced, fewer than ${maxRuns} are wanted`,
        "QuotaExceededError",
      );
    }
    this.#size++;
    let claimed: ClaimedRun | undefined;
    try {
      claimed = await this.#registry.claim(id, restart);
    } finally {
      if (claimed === undefined) this.#size--;
    }
    if (claimed === undefined) return false;
    const ended = this.#run(new Producer(id, claimed, this.#options), source);
    waitUntil?.(ended);
    return true;
  }

  /** Ends all runs as lost, and those that are about to be started. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const producer of this.#running.keys()) producer.stop("lost");
    await Promise.all(this.#running.values());
  }

  async #run(producer: Producer, source: EventRunSource): Promise<void> {
    // They may have been closed while the run was being claimed.
    if (this.#isClosed) producer.stop("lost");
    const running = producer.run(source);
    this.#running.set(producer, running);
    await running;
    this.#running.delete(producer);
    this.#size--;
  }
}
