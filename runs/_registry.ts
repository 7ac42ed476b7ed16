// Copyright 2026 the Tidings authors. MIT license.

/**
 * Claims, finds and stops runs in the logs, and waits for their ends. `EventRuns`, its
 * producers and its server call it.
 *
 * @module
 */

import { takeOver } from "../_warning.ts";
import { LogFollower } from "../_channel/log_follower.ts";
import type { EventLogClaim, EventLogState } from "../log.ts";
import { logNameOf, stopLogNameOf } from "./_log_names.ts";
import {
  type EventRunEnd,
  type EventRunStatus,
  isEnd,
  isInvisible,
  makeEndEntry,
  readEnd,
  readStatus,
  START_ENTRY,
  STOP_ENTRY,
} from "./_status_entries.ts";
import type { StatusPoll } from "./_status_poll.ts";
import { type CheckedRunsOptions, makeClaimOptions } from "./_option_checks.ts";
import { retryStep } from "./_retry.ts";

/** How many entries one read after a reader's last event gets. */
const READ_LIMIT = 16;
/** Milliseconds between two tries to claim a run that has ended but is not released. */
const RELEASE_POLL_DELAY = 10;

/** A run that this process has claimed. */
export interface ClaimedRun {
  claim: EventLogClaim;
  /** The cursor in the stop log after which an entry is for this run. */
  stopCursor: string;
}

/** A run that exists. */
export interface FoundRun {
  status: EventRunStatus;
  /** The ID of its last entry when it was found, `undefined` if it had none. */
  end: string | undefined;
}

/** The runs in the logs. */
export class Registry {
  readonly #options: CheckedRunsOptions;

  /** @param options The options of the runs. */
  constructor(options: CheckedRunsOptions) {
    this.#options = options;
  }

  /**
   * Claims a run that is to be started.
   *
   * @param id The ID of the run.
   * @param restart What to do if a run with that ID has ended.
   * @returns The claim and what belongs to it, `undefined` if the run exists already, or
   * another process starts it.
   */
  async claim(
    id: string,
    restart: "after" | "replace" | undefined,
  ): Promise<ClaimedRun | undefined> {
    const { logs } = this.#options;
    // The cursor is asked for before the run exists. If it were read later, a stop that
    // came between the claim and the reading would not reach the producer.
    const [stopCursor, claim] = await Promise.allSettled([
      retryStep(() => logs.open(stopLogNameOf(id)).rewind(0)),
      this.#claim(id, restart),
    ]);
    if (claim.status === "rejected") throw claim.reason;
    if (claim.value === undefined) return undefined;
    if (stopCursor.status === "fulfilled") {
      return { claim: claim.value, stopCursor: stopCursor.value };
    }
    // The run has no producer. With the claim held, its status would be "running".
    await this.#release(claim.value, id);
    throw stopCursor.reason;
  }

  /**
   * Finds a run. If the process that produced it is gone, writes that the run is lost.
   *
   * @param id The ID of the run.
   * @returns The run, `undefined` if there is none.
   */
  async find(id: string): Promise<FoundRun | undefined> {
    const state = await this.#options.logs.inspect(logNameOf(id));
    const found = readStatus(state);
    if (found === undefined) return undefined;
    const status = found === "abandoned"
      ? await this.#markLost(id, state)
      : found;
    return { status, end: state.last?.id };
  }

  /**
   * Gets the status of a run, as {@linkcode Registry.find} does.
   *
   * @param id The ID of the run.
   * @returns The status, `undefined` if there is no run.
   */
  async getStatus(id: string): Promise<EventRunStatus | undefined> {
    return (await this.find(id))?.status;
  }

  /**
   * Requests the producer of a run to stop.
   *
   * @param id The ID of the run.
   * @returns Whether the run was being produced.
   */
  async stop(id: string): Promise<boolean> {
    if (await this.getStatus(id) !== "running") return false;
    const { logs, leaseTime } = this.#options;
    // A producer that does not read the request for so long has lost its lease.
    const log = logs.open(stopLogNameOf(id), { expireIn: leaseTime });
    await takeOver(log.append(STOP_ENTRY));
    return true;
  }

  /**
   * Whether a reader of a run that has ended has all of it.
   *
   * @param id The ID of the run.
   * @param lastEventId The ID of the reader's last event.
   * @returns Whether nothing is left that a client does not ignore.
   */
  async isAtEnd(id: string, lastEventId: string): Promise<boolean> {
    const log = this.#options.logs.open(logNameOf(id));
    for (let after = lastEventId;;) {
      const { events, cursor, gap } = await log.read(after, {
        limit: READ_LIMIT,
      });
      // A gap without events means that the ID lies after the end: a reader would wait
      // there for ever.
      const isBefore = gap && events.length > 0;
      if (isBefore || !events.every(isInvisible)) return false;
      if (events.length < READ_LIMIT) return true;
      after = cursor;
    }
  }

  /**
   * Waits for the end of a run.
   *
   * @param id The ID of the run.
   * @param statusPoll Finds out that the run is gone.
   * @param signal Ends the wait.
   * @returns How it ended, `undefined` if there is no such run. It rejects with the
   * signal's reason.
   */
  async waitForEnd(
    id: string,
    statusPoll: StatusPoll,
    signal: AbortSignal,
  ): Promise<EventRunEnd | undefined> {
    const { logs, errorReports } = this.#options;
    const report = (error: unknown): void => errorReports.report(error, id);
    // Following the log of a run that does not exist would make the log.
    const status = await this.getStatus(id);
    if (status !== "running") return status;
    let follower: LogFollower | undefined;
    let check: Promise<void> | undefined;
    let onAbort = (): void => {};
    let unwatch = (): void => {};
    try {
      return await new Promise((resolve, reject) => {
        // All of the run is gone, and how it ended with it.
        unwatch = statusPoll.watch(id, () => resolve("lost"));
        onAbort = () => reject(signal.reason);
        if (signal.aborted) onAbort();
        signal.addEventListener("abort", onAbort);
        follower = new LogFollower(logs.open(logNameOf(id)), ({ events }) => {
          const end = events.map(readEnd).find((end) => end !== undefined);
          if (end !== undefined) resolve(end);
          // The run may have ended after its status was read and before it was followed.
          check ??= retryStep(() => this.getStatus(id)).then((status) => {
            if (status !== "running") resolve(status ?? "lost");
          }).catch(reject);
        }, report);
        follower.start();
      });
    } finally {
      signal.removeEventListener("abort", onAbort);
      unwatch();
      await Promise.all([check, follower?.stop()]);
    }
  }

  async #claim(
    id: string,
    restart: "after" | "replace" | undefined,
  ): Promise<EventLogClaim | undefined> {
    const { logs } = this.#options;
    const options = { ...makeClaimOptions(this.#options), event: START_ENTRY };
    const claim = await logs.claim(logNameOf(id), options);
    if (claim !== undefined) return claim;
    const status = await this.getStatus(id);
    if (status === undefined) return await logs.claim(logNameOf(id), options);
    if (restart === undefined || status === "running") return undefined;
    return await this.#claimEnded(id, restart === "replace");
  }

  /** Claims a run that has ended, unless another process is quicker. */
  async #claimEnded(
    id: string,
    replace: boolean,
  ): Promise<EventLogClaim | undefined> {
    const { logs } = this.#options;
    const options = { ...makeClaimOptions(this.#options), event: START_ENTRY };
    for (;;) {
      const { last } = await logs.inspect(logNameOf(id));
      if (last === undefined || !isEnd(last)) return undefined;
      const after = last.id;
      const claim = await logs.claim(logNameOf(id), {
        ...options,
        after,
        replace,
      });
      if (claim !== undefined) return claim;
      // The producer has written the end and is about to release its claim.
      await new Promise((resolve) => setTimeout(resolve, RELEASE_POLL_DELAY));
    }
  }

  /** Writes that a run is lost, since no process has a claim on it. */
  async #markLost(
    id: string,
    { last }: EventLogState,
  ): Promise<EventRunStatus> {
    const { logs, keepFor } = this.#options;
    const claim = await logs.claim(logNameOf(id), {
      ...makeClaimOptions(this.#options),
      // Set in one step with the end: if this process were killed between two steps, the
      // run would never expire.
      expireIn: keepFor,
      after: last?.id,
      event: makeEndEntry("lost", id, this.#options),
    });
    // Another process is quicker: it writes the end too, or it starts the run again.
    if (claim === undefined) return "running";
    await this.#release(claim, id);
    return "lost";
  }

  /** Releases a claim. If that fails, the claim ends with its lease. */
  async #release(claim: EventLogClaim, id: string): Promise<void> {
    try {
      await retryStep(() => claim.release());
    } catch (error) {
      this.#options.onError(error, id);
    }
  }
}
