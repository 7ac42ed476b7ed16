// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the logs say about runs, and who may produce them.
 *
 * @module
 */

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

/** Entries that one look after the last events of a reader asks for. */
const PAGE = 16;
/** Milliseconds to wait for the one who has ended a run. */
const RELEASE_POLL_DELAY = 10;

/** A run that is this process's to produce. */
export interface ClaimedRun {
  claim: EventLogClaim;
  /** The place in the log of stops after which one is for this run. */
  stopCursor: string;
}

/** A run that is there. */
export interface FoundRun {
  status: EventRunStatus;
  /** The ID of its last event when it was looked for, `undefined` if it had none. */
  end: string | undefined;
}

/** The runs in the logs. */
export class Registry {
  readonly #options: CheckedRunsOptions;

  constructor(options: CheckedRunsOptions) {
    this.#options = options;
  }

  /**
   * Claims a run that is to be started.
   *
   * @returns What is claimed, `undefined` if the run is there already, or is started by
   * somebody else.
   */
  async claim(
    id: string,
    restart: "after" | "replace" | undefined,
  ): Promise<ClaimedRun | undefined> {
    const { logs } = this.#options;
    // Before the run is there, so that nobody can stop it before it is listened for.
    const [stopCursor, claim] = await Promise.allSettled([
      retryStep(() => logs.open(stopLogNameOf(id)).rewind(0)),
      this.#claim(id, restart),
    ]);
    if (claim.status === "rejected") throw claim.reason;
    if (claim.value === undefined) return undefined;
    if (stopCursor.status === "fulfilled") {
      return { claim: claim.value, stopCursor: stopCursor.value };
    }
    // Nobody produces it: kept, the claim would have it look as if somebody did.
    await this.#release(claim.value, id);
    throw stopCursor.reason;
  }

  /**
   * Looks for a run, `undefined` if there is none. One that nobody produces any more is
   * lost from now on.
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

  /** Tells how a run is doing, `undefined` if there is none. */
  async getStatus(id: string): Promise<EventRunStatus | undefined> {
    return (await this.find(id))?.status;
  }

  /** Asks whoever produces a run to stop, and tells whether there was one to ask. */
  async stop(id: string): Promise<boolean> {
    if (await this.getStatus(id) !== "running") return false;
    const { logs, leaseTime } = this.#options;
    // Whoever does not hear of it for so long is lost.
    const log = logs.open(stopLogNameOf(id), { expireIn: leaseTime });
    await log.append(STOP_ENTRY);
    return true;
  }

  /** Whether nothing is left to read after an event of a run that has ended. */
  async isAtEnd(id: string, lastEventId: string): Promise<boolean> {
    const log = this.#options.logs.open(logNameOf(id));
    for (let after = lastEventId;;) {
      const { events, cursor, gap } = await log.read(after, { limit: PAGE });
      // Without an event it lies after the end: a reader would wait for ever there.
      const isBefore = gap && events.length > 0;
      if (isBefore || !events.every(isInvisible)) return false;
      if (events.length < PAGE) return true;
      after = cursor;
    }
  }

  /**
   * Waits for the end of a run.
   *
   * @param statusPoll Looks after the run meanwhile.
   * @returns How it ended, `undefined` if there is no such run. It rejects with the
   * signal's reason.
   */
  async waitForEnd(
    id: string,
    statusPoll: StatusPoll,
    signal: AbortSignal,
  ): Promise<EventRunEnd | undefined> {
    const { logs, onError } = this.#options;
    const report = (error: unknown): void => onError(error, id);
    // To follow a run that is not there would make it.
    const status = await this.getStatus(id);
    if (status !== "running") return status;
    let follower: LogFollower | undefined;
    let check: Promise<void> | undefined;
    let onAbort = (): void => {};
    let unwatch = (): void => {};
    try {
      return await new Promise((resolve, reject) => {
        // Nobody knows any more how it has ended.
        unwatch = statusPoll.watch(id, () => resolve("lost"));
        onAbort = () => reject(signal.reason);
        if (signal.aborted) onAbort();
        signal.addEventListener("abort", onAbort);
        follower = new LogFollower(logs.open(logNameOf(id)), ({ events }) => {
          const end = events.map(readEnd).find((end) => end !== undefined);
          if (end !== undefined) resolve(end);
          // It may have ended before it was followed.
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

  /** Claims a run that has ended, unless somebody else is quicker. */
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
      // Whoever has written the end is about to give the name free.
      await new Promise((resolve) => setTimeout(resolve, RELEASE_POLL_DELAY));
    }
  }

  async #markLost(
    id: string,
    { last }: EventLogState,
  ): Promise<EventRunStatus> {
    const { logs, keepFor } = this.#options;
    const claim = await logs.claim(logNameOf(id), {
      ...makeClaimOptions(this.#options),
      // In one step with the end, whatever becomes of this process.
      expireIn: keepFor,
      after: last?.id,
      event: makeEndEntry("lost", id, this.#options),
    });
    // Somebody else is about to, or it is being started again.
    if (claim === undefined) return "running";
    await this.#release(claim, id);
    return "lost";
  }

  /** Releases a claim. If that fails, its lease runs out. */
  async #release(claim: EventLogClaim, id: string): Promise<void> {
    try {
      await retryStep(() => claim.release());
    } catch (error) {
      this.#options.onError(error, id);
    }
  }
}
