// Copyright 2026 the Tidings authors. MIT license.

/**
 * Produces one run: calls its source, writes the events into the log under the claim, and
 * writes the end. The process that has claimed the run has one of these for it.
 *
 * @module
 */

import { listenForAbort } from "../_abort.ts";
import { startIdleTimer } from "../_idle_timer.ts";
import { LogFollower } from "../_channel/log_follower.ts";
import { withData } from "../_encoder/event_data.ts";
import type {
  EventResult,
  SourceIterator,
} from "../_server/source_iterator.ts";
import { isAbortOf, tellElsewhere } from "../_warning.ts";
import { encodeEvent } from "../encoder.ts";
import type { ServerSentEventInit, TextEventInit } from "../event.ts";
import { type EventLogClaim, EventLogClaimError } from "../log.ts";
import { logNameOf, stopLogNameOf } from "./_log_names.ts";
import {
  type EventRunEnd,
  isEnd,
  makeEndEntry,
  readStop,
} from "./_status_entries.ts";
import { type CheckedRunsOptions, RENEWALS } from "./_option_checks.ts";
import type { ClaimedRun } from "./_registry.ts";
import { type EventRunSource, openRunIterator } from "./_source.ts";
import { retryStep } from "./_retry.ts";

/**
 * How many events may be on their way to the log before the source is asked for more.
 * Without this back-pressure, a fast source would fill the memory.
 */
const WINDOW = 64;

/** The producer of one run. */
export class Producer {
  readonly #id: string;
  readonly #claim: EventLogClaim;
  readonly #stopCursor: string;
  /** Fulfilled once the producer of the run before is told that it is replaced. */
  readonly #told: Promise<void> | undefined;
  readonly #options: CheckedRunsOptions;
  readonly #controller = new AbortController();
  /** How the run ends; set by the first call of `stop()`. */
  #end: EventRunEnd = "done";
  /** What the source gave, to be released: set when it is opened, cleared at its end. */
  #iterator: SourceIterator | undefined;
  /** Renews the claim at intervals; set by `run()`. */
  #renewalTimer: ReturnType<typeof setInterval> | undefined;
  /** The renewal under way. There is one at a time, however slow the log is. */
  #renewal: Promise<void> | undefined;
  /** Whether the latest renewal has failed. */
  #isRenewalFailing = false;
  #events = 0;
  #bytes = 0;
  /** Fulfilled once all events so far are in the log, or one could not be written. */
  #written: Promise<unknown> = Promise.resolve();

  constructor(
    id: string,
    { claim, stopCursor, told }: ClaimedRun,
    options: CheckedRunsOptions,
  ) {
    this.#id = id;
    this.#claim = claim;
    this.#stopCursor = stopCursor;
    this.#told = told;
    this.#options = options;
  }

  /**
   * Stops the source, unless it is stopped already.
   *
   * @param end How the run ends.
   */
  stop(end: EventRunEnd): void {
    if (this.#controller.signal.aborted) return;
    this.#end = end;
    this.#controller.abort(
      new DOMException(
        end === "replaced"
          ? "Cannot continue source: another run has taken the place of this one"
          : "Cannot continue source: the run has ended",
        "AbortError",
      ),
    );
    this.#release();
  }

  /**
   * Calls the source, writes its events, and writes the end. It never rejects.
   *
   * @param source The source of the run.
   */
  async run(source: EventRunSource): Promise<void> {
    const { leaseTime, maxRunTime, logs } = this.#options;
    const follower = new LogFollower(
      logs.open(stopLogNameOf(this.#id)),
      ({ events }) => {
        const end = readStop(events, this.#claim.id);
        if (end !== undefined) this.stop(end);
      },
      this.#reportLog,
      this.#stopCursor,
    );
    follower.start();
    this.#renewalTimer = setInterval(
      () => this.#renewal ??= this.#renew(),
      leaseTime / RENEWALS,
    );
    const deadline = setTimeout(
      () => this.#fail(makeLimitError("maxRunTime", maxRunTime, "ms")),
      maxRunTime,
    );
    try {
      await this.#untilSourceIsOver(this.#relay(source));
      // What the source gave is written in any case, however long that takes.
      clearTimeout(deadline);
      await this.#written;
      await this.#finish(this.#end);
    } catch (error) {
      // The end could not be written. When the lease has run out, the next process that
      // looks the run up writes that it is lost.
      this.#report(error);
    } finally {
      await Promise.all([this.#stopRenewals(), follower.stop(), this.#told]);
    }
  }

  /** Waits until the source has ended or is stopped. */
  #untilSourceIsOver(relay: Promise<void>): Promise<void> {
    const { signal } = this.#controller;
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      listenForAbort(signal, resolve);
      relay.then(resolve);
    });
  }

  /** Writes what the source gives, until its end. It never rejects. */
  async #relay(source: EventRunSource): Promise<void> {
    const { signal } = this.#controller;
    if (signal.aborted) return;
    const { maxSilence } = this.#options;
    const onSilent = (): void =>
      this.#fail(makeLimitError("maxSilence", maxSilence, "ms"));
    const stopTimer = startIdleTimer(maxSilence, onSilent);
    // A source that heeds no signal must leave no timer behind.
    listenForAbort(signal, stopTimer);
    try {
      const given = await source({ id: this.#id, signal });
      stopTimer();
      this.#iterator = openRunIterator(given, maxSilence, onSilent);
      while (!signal.aborted) {
        const result = await this.#next(this.#iterator);
        if (result.done || signal.aborted) return;
        this.#append(result.value);
        if (this.#events % WINDOW === 0) await this.#written;
      }
      // The run may have been stopped while its source was being opened: `stop()` had
      // nothing to release then.
      await this.#release();
    } catch (error) {
      this.#fail(error);
    } finally {
      stopTimer();
    }
  }

  async #next(iterator: SourceIterator): Promise<EventResult> {
    try {
      const result = await iterator.next();
      if (result.done) this.#iterator = undefined;
      return result;
    } catch (error) {
      this.#iterator = undefined;
      throw error;
    }
  }

  #append(given: ServerSentEventInit): void {
    const { event, data, retry } = withData("produce run", given);
    if (data === undefined && retry === undefined) return;
    const kept = { event, data, retry };
    const { maxEvents, maxBytes } = this.#options;
    this.#events++;
    this.#bytes += encodeEvent(kept).byteLength;
    if (this.#events > maxEvents) {
      this.#fail(makeLimitError("maxEvents", maxEvents, "events"));
    } else if (this.#bytes > maxBytes) {
      this.#fail(makeLimitError("maxBytes", maxBytes, "bytes"));
    } else {
      this.#written = tellElsewhere(this.#claim.append(kept)).catch((error) =>
        this.#handleWriteError(error)
      );
    }
  }

  #handleWriteError(error: unknown): void {
    if (error instanceof EventLogClaimError) this.stop("lost");
    else this.#fail(error);
  }

  async #renew(): Promise<void> {
    try {
      if (!await this.#claim.renew()) this.stop("lost");
      if (this.#isRenewalFailing) this.#options.errorReports.forget(this.#id);
      this.#isRenewalFailing = false;
    } catch (error) {
      this.#isRenewalFailing = true;
      this.#reportLog(error);
    }
    this.#renewal = undefined;
  }

  /** Stops the renewals, and waits for the one under way. */
  async #stopRenewals(): Promise<void> {
    clearInterval(this.#renewalTimer);
    await this.#renewal;
  }

  async #finish(end: EventRunEnd): Promise<void> {
    const { logs, keepFor } = this.#options;
    const claim = this.#claim;
    const entry = makeEndEntry(end, this.#id, this.#options);
    // If the claim is lost, the process that has claimed the run since writes its end.
    if (!await retryStep(() => claim.renew())) return;
    // After the end, another process may start the run again: an expiry that was set then
    // would delete the new run.
    const name = logNameOf(this.#id);
    const { id: claimId } = claim;
    await retryStep(() => logs.expire(name, keepFor, { claimId }));
    try {
      await retryStep((failures) => this.#appendEnd(entry, failures > 0));
    } catch (error) {
      if (error instanceof EventLogClaimError) return;
      throw error;
    }
    // A renewal after the release would claim the run again.
    await this.#stopRenewals();
    await retryStep(() => claim.release());
  }

  /** Appends the end, unless an earlier try did so and only its answer was lost. */
  async #appendEnd(entry: TextEventInit, isAgain: boolean): Promise<void> {
    if (isAgain) {
      const name = logNameOf(this.#id);
      const { last } = await retryStep(() => this.#options.logs.inspect(name));
      if (last !== undefined && isEnd(last)) return;
    }
    await tellElsewhere(this.#claim.append(entry));
  }

  /** Releases a source that has not ended. */
  async #release(): Promise<void> {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    try {
      await iterator?.return?.();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    // A source that throws the signal's reason has stopped as it was told to.
    if (this.#controller.signal.aborted) {
      if (!isAbortOf(this.#controller.signal, error)) this.#report(error);
      return;
    }
    this.stop("failed");
    this.#report(error);
  }

  readonly #report = (error: unknown): void =>
    this.#options.onError(error, this.#id);

  /** Reports what the logs fail with, where the call is tried again. */
  readonly #reportLog = (error: unknown): void =>
    this.#options.errorReports.report(error, this.#id);
}

function makeLimitError(name: string, limit: number, unit: string): RangeError {
  return new RangeError(
    `Cannot continue run: its source has exceeded "${name}" of ${limit} ${unit}`,
  );
}
