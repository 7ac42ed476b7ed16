// Copyright 2026 the Tidings authors. MIT license.

/**
 * Claims, finds and stops runs in the logs. `EventRuns`, its producers and its server call
 * it.
 *
 * @module
 */

import { tellElsewhere } from "../_warning.ts";
import {
  type EventLog,
  type EventLogClaim,
  EventLogEntryError,
  type EventLogState,
  type LoggedEvent,
} from "../log.ts";
import { findEnd, type FoundEnd } from "./_find_end.ts";
import { logNameOf, stopLogNameOf } from "./_log_names.ts";
import {
  CONTINUATION_ENTRY,
  type EventRunStatus,
  isEnd,
  isInvisible,
  makeEndEntry,
  makeStopEntry,
  readStatus,
  readStop,
  START_ENTRY,
} from "./_status_entries.ts";
import { type CheckedRunsOptions, makeClaimOptions } from "./_option_checks.ts";
import { retryStep } from "./_retry.ts";

/** How many entries one read after a reader's last event gets. */
const READ_LIMIT = 16;
/** Milliseconds between two looks at a run that is about to end, or to be released. */
const POLL_DELAY = 10;

/** A run that this process has claimed. */
export interface ClaimedRun {
  claim: EventLogClaim;
  /** The cursor in the stop log after which an entry is for this run. */
  stopCursor: string;
  /** Fulfilled once the producer of the run before is told, if that run goes on. */
  told: Promise<void> | undefined;
}

/** A run that exists. */
export interface FoundRun {
  status: EventRunStatus;
  /**
   * The ID of its last entry when it was found, `undefined` if it had none. What another
   * program has written after the end is no entry of the run.
   */
  end: string | undefined;
  /** The ID of its last claim, if the logs tell it. */
  claimId: string | undefined;
  /** Whether it was marked as lost only now: the entry that tells it is after `end`. */
  isJustLost?: boolean;
}

/** A claim of a run that is to be started. */
interface NewClaim {
  claim: EventLogClaim;
  /** The ID of the claim of a run that goes on, and that this one has replaced. */
  replaced?: string | undefined;
}

/** The runs in the logs. */
export class Registry {
  readonly #options: CheckedRunsOptions;
  /** Which runs are being looked up, to stop them. */
  readonly #stopping = new Set<{ id: string; found: Promise<unknown> }>();

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
    // A stop that was called before must not find the new run.
    const stopping = [...this.#stopping].filter((each) => each.id === id);
    await Promise.allSettled(stopping.map(({ found }) => found));
    const { logs } = this.#options;
    const name = logNameOf(id);
    const state = restart === "replace" ? await logs.inspect(name) : undefined;
    // The cursor is asked for before the run exists. If it were read later, a stop that
    // came between the claim and the reading would not reach the producer.
    const reading = new AbortController();
    const { signal } = reading;
    const stopCursorRead = retryStep(
      () => logs.open(stopLogNameOf(id)).rewind(0, { signal }),
      signal,
    );
    const claiming = state === undefined
      ? this.#claim(id, restart)
      : this.#claimReplacing(id, state, stopCursorRead);
    // Nobody needs the cursor then.
    claiming.catch(() => reading.abort());
    const [stopCursor, claim] = await Promise.allSettled([
      stopCursorRead,
      claiming,
    ]);
    if (claim.status === "rejected") throw claim.reason;
    if (claim.value === undefined) return undefined;
    const { claim: own, replaced } = claim.value;
    const told = replaced === undefined
      ? undefined
      : this.#tellReplaced(id, replaced);
    if (stopCursor.status === "fulfilled") {
      return { claim: own, stopCursor: stopCursor.value, told };
    }
    // The run has no producer. With the claim held, its status would be "running".
    await Promise.all([this.#release(own, id), told]);
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
    const { claimId } = state;
    if (found !== "abandoned") {
      return { status: found, end: state.last?.id, claimId };
    }
    const end = await this.#findEnd(id, state.last);
    if (end !== undefined) return { status: end.status, end: end.id, claimId };
    const status = await this.#markLost(id, state);
    const isJustLost = status === "lost";
    return { status, end: state.last?.id, claimId, isJustLost };
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
    const found = await this.#findToStop(id);
    if (found?.status !== "running") return false;
    const entry = makeStopEntry("stopped", found.claimId);
    await tellElsewhere(this.#openStopLog(id).append(entry));
    return true;
  }

  /**
   * Whether a reader of a run that has ended has all of it.
   *
   * @param id The ID of the run.
   * @param lastEventId The ID of the reader's last event.
   * @param end The ID of the last entry of the run.
   * @returns Whether nothing is left that a client does not ignore, `undefined` if the run
   * has expired meanwhile.
   */
  async isAtEnd(
    id: string,
    lastEventId: string,
    end: string | undefined,
  ): Promise<boolean | undefined> {
    if (lastEventId === end) return true;
    const log = this.#options.logs.open(logNameOf(id));
    for (let after = lastEventId;;) {
      const { events, cursor, gap } = await log.read(after, {
        limit: READ_LIMIT,
      });
      // A gap without events means that the ID lies after the end: a reader would wait
      // there for ever.
      const hasMissed = gap && events.length > 0;
      const index = events.findIndex((entry) => entry.id === end);
      const own = index < 0 ? events : events.slice(0, index + 1);
      if (hasMissed || !own.every(isInvisible)) return false;
      if (index >= 0) return true;
      if (events.length < READ_LIMIT) {
        // Without its end, the run may have expired since it was found.
        const isLeft = await this.find(id) !== undefined;
        return isLeft || undefined;
      }
      after = cursor;
    }
  }

  async #findToStop(id: string): Promise<FoundRun | undefined> {
    const found = this.find(id);
    const stopping = { id, found };
    this.#stopping.add(stopping);
    try {
      return await found;
    } finally {
      this.#stopping.delete(stopping);
    }
  }

  async #claim(
    id: string,
    restart: "after" | "replace" | undefined,
  ): Promise<NewClaim | undefined> {
    const claim = await this.#claimNew(id);
    if (claim !== undefined) return { claim };
    const found = await this.find(id);
    if (found === undefined) return asNewClaim(await this.#claimNew(id));
    if (restart === undefined) return undefined;
    const isOver = found.status !== "running" ||
      await this.#untilStopped(id, found.claimId);
    return isOver ? asNewClaim(await this.#claimEnded(id)) : undefined;
  }

  async #claimNew(id: string): Promise<EventLogClaim | undefined> {
    return await this.#options.logs.claim(logNameOf(id), {
      ...makeClaimOptions(this.#options),
      event: START_ENTRY,
    });
  }

  /**
   * Claims a run in place of whatever has its ID, unless another process is quicker.
   * It waits for no producer: that may be a process that hangs.
   *
   * @param id The ID of the run.
   * @param state The state of its log when the run was to be started.
   * @param stopCursor Fulfilled once the stop log has answered. Of calls that come at
   * once, each takes the place of the claim that it has found, and only one does. The
   * wait gives all of them, in all processes, the time to find the same claim.
   */
  async #claimReplacing(
    id: string,
    state: EventLogState,
    stopCursor: Promise<unknown>,
  ): Promise<NewClaim | undefined> {
    await stopCursor;
    const claim = await this.#claimOver(id, state);
    const status = readStatus(state);
    if (claim !== undefined) {
      const replaced = status === "running" ? state.claimId : undefined;
      return { claim, replaced };
    }
    // Another process has started the run, or a reader has written meanwhile that it is
    // lost, which takes a claim too.
    if (status === "lost") return undefined;
    const again = await this.#options.logs.inspect(logNameOf(id));
    if (readStatus(again) !== "lost") return undefined;
    return asNewClaim(await this.#claimOver(id, again));
  }

  /** Claims a run in place of the one that was found. */
  async #claimOver(
    id: string,
    { claimId, last }: EventLogState,
  ): Promise<EventLogClaim | undefined> {
    return await this.#options.logs.claim(logNameOf(id), {
      ...makeClaimOptions(this.#options),
      event: START_ENTRY,
      replace: true,
      ...claimId === undefined ? { after: last?.id } : { takeOver: claimId },
    });
  }

  /** Claims a run that has ended, to go on with it, unless another process is quicker. */
  async #claimEnded(id: string): Promise<EventLogClaim | undefined> {
    const { logs } = this.#options;
    for (;;) {
      const { last } = await logs.inspect(logNameOf(id));
      if (last === undefined) return undefined;
      if (!isEnd(last) && await this.#findEnd(id, last) === undefined) {
        return undefined;
      }
      const claim = await logs.claim(logNameOf(id), {
        ...makeClaimOptions(this.#options),
        event: CONTINUATION_ENTRY,
        after: last.id,
      });
      if (claim !== undefined) return claim;
      // The producer has written the end and is about to release its claim.
      await wait(POLL_DELAY);
    }
  }

  /**
   * Waits for the end of a run if its producer was told to stop: at most for a lease.
   *
   * @returns Whether the run has ended.
   */
  async #untilStopped(
    id: string,
    claimId: string | undefined,
  ): Promise<boolean> {
    const log = this.#openStopLog(id);
    const { events } = await log.read(await log.rewind(1));
    if (readStop(events, claimId) === undefined) return false;
    const end = performance.now() + this.#options.leaseTime;
    while (performance.now() < end) {
      const found = await this.find(id);
      if (found?.status !== "running") return found !== undefined;
      await wait(POLL_DELAY);
    }
    return false;
  }

  /**
   * Tells the producer of a run that another one has taken its place. Otherwise it would
   * notice that at its next event or renewal, and its source would go on until then.
   */
  async #tellReplaced(id: string, claimId: string): Promise<void> {
    try {
      const entry = makeStopEntry("replaced", claimId);
      await tellElsewhere(this.#openStopLog(id).append(entry));
    } catch (error) {
      this.#options.onError(error, id);
    }
  }

  #openStopLog(id: string): EventLog {
    const { logs, leaseTime } = this.#options;
    // A producer that does not read the request for so long has lost its lease.
    return logs.open(stopLogNameOf(id), { expireIn: leaseTime });
  }

  /** Finds the end of a run whose log goes on after it, and tells what stands there. */
  async #findEnd(
    id: string,
    last: LoggedEvent | undefined,
  ): Promise<FoundEnd | undefined> {
    const { logs, errorReports } = this.#options;
    const found = await findEnd(logs.open(logNameOf(id)), last);
    for (const stray of found?.strays ?? []) {
      const fault = "it stands after the end of the run";
      errorReports.report(new EventLogEntryError(stray.id, fault), id);
    }
    return found;
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

function asNewClaim(claim: EventLogClaim | undefined): NewClaim | undefined {
  return claim === undefined ? undefined : { claim };
}

function wait(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}
