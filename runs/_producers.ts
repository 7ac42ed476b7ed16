// Copyright 2026 the Tidings authors. MIT license.

/**
 * Starts the runs that this process produces, up to `maxRuns`, and ends them when
 * `EventRuns` is closed.
 *
 * @module
 */

import { callBack } from "../_warning.ts";
import type { CheckedRunsOptions } from "./_option_checks.ts";
import type { EventRunsStartOptions } from "./_options.ts";
import { Producer } from "./_producer.ts";
import type { ClaimedRun, Registry } from "./_registry.ts";
import type { EventRunSource } from "./_source.ts";

/** The producers of this process. */
export class Producers {
  readonly #options: CheckedRunsOptions;
  readonly #registry: Registry;
  /** The producers at work, each with the promise of its end. */
  readonly #running = new Map<Producer, Promise<void>>();
  /** The claims under way. */
  readonly #claiming = new Set<Promise<unknown>>();
  /** How many runs are being produced or claimed. */
  #size = 0;
  #isClosed = false;

  /**
   * @param options The options of the runs.
   * @param registry Claims runs.
   */
  constructor(options: CheckedRunsOptions, registry: Registry) {
    this.#options = options;
    this.#registry = registry;
  }

  /** How many runs are being produced or claimed. */
  get size(): number {
    return this.#size;
  }

  /**
   * Starts a run if it can be claimed.
   *
   * @param id The ID of the run.
   * @param source The source of the run.
   * @param options What to do if a run with that ID has ended.
   * @returns Whether the run was started. It rejects with a `DOMException` named
   * `"QuotaExceededError"` if `maxRuns` is reached, and with what the logs throw.
   */
  async start(
    id: string,
    source: EventRunSource,
    { restart, waitUntil }: EventRunsStartOptions,
  ): Promise<boolean> {
    const { maxRuns } = this.#options;
    if (this.#size >= maxRuns) {
      throw new DOMException(
        `Cannot start run: expected fewer than ${maxRuns} other runs in this process ("maxRuns"), got ${this.#size}`,
        "QuotaExceededError",
      );
    }
    this.#size++;
    let claimed: ClaimedRun | undefined;
    const claiming = this.#registry.claim(id, restart);
    this.#claiming.add(claiming);
    try {
      claimed = await claiming;
    } finally {
      this.#claiming.delete(claiming);
      if (claimed === undefined) this.#size--;
    }
    if (claimed === undefined) return false;
    const ended = this.#run(new Producer(id, claimed, this.#options), source);
    if (waitUntil !== undefined) callBack("waitUntil", () => waitUntil(ended));
    return true;
  }

  /** Ends all runs as lost, those that are being claimed included. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const producer of this.#running.keys()) producer.stop("lost");
    await Promise.allSettled(this.#claiming);
    await Promise.all(this.#running.values());
  }

  async #run(producer: Producer, source: EventRunSource): Promise<void> {
    // `close()` may have been called while the run was being claimed, and has not seen it.
    if (this.#isClosed) producer.stop("lost");
    const running = producer.run(source);
    this.#running.set(producer, running);
    await running;
    this.#running.delete(producer);
    this.#size--;
  }
}
