// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log whose engine gives the state of the log another version with each change: a change is
 * decided by the state that was read, and written if the log still has that version. The
 * appends of one event loop turn are one change.
 *
 * @module
 */

import {
  EventLogClaimError,
  type EventLogState,
} from "../../_log/event_logs.ts";
import { AppendQueue, WRITE_BOUNDS } from "./append_queue.ts";
import type { ChangeWatcher } from "./follow_changes.ts";
import type { LogCallsOptions, LogSource } from "./log_calls.ts";
import { type DecideChange, type LogState, unexpired } from "./log_changes.ts";
import { StateLog } from "./state_log.ts";

/** The state of a log that was read. */
export interface VersionedState {
  /** `undefined` if there is none. It may have expired. */
  readonly stored: (LogState & { readonly version: string }) | undefined;
  /** The clock of the engine, less that of this process, in milliseconds. */
  readonly clock: number;
}

/** A change that is to be written. */
export interface VersionedChange {
  /** The state that it was decided by. */
  readonly stored: VersionedState["stored"];
  readonly next: LogState & { readonly version: string };
  /** The events to append; the last one has the sequence `next.last`. */
  readonly lines: readonly string[];
  /** Tells the write from all others. */
  readonly writeId: string;
}

/** What the engine has of a log, and how it is written. */
export interface VersionedSource<Watcher extends ChangeWatcher>
  extends LogSource<Watcher> {
  /** Describes the log, as `EventLogs.inspect`. */
  inspect(): Promise<EventLogState>;
  readState(): Promise<VersionedState>;
  /**
   * Writes a change.
   *
   * @returns The state that it leaves; `undefined` if the log has another version than
   * `stored`.
   */
  write(change: VersionedChange): Promise<VersionedState | undefined>;
  /** Whether an error says that an earlier attempt of the same write was done. */
  isWrittenAlready(error: unknown): boolean;
  /** Finds the ID of the first event of a write, `undefined` if it is not there. */
  findWrite(writeId: string): Promise<string | undefined>;
  /** Removes logs that have expired, now and then. */
  sweep(): Promise<void>;
}

/** A write whose answer may be lost. */
interface Attempt<T> {
  readonly version: string;
  /** The ID of its first event, if it has one. */
  readonly first: string;
  readonly results: readonly T[];
}

/** One log in such an engine. */
export class VersionedLog<Watcher extends ChangeWatcher>
  extends StateLog<Watcher> {
  readonly #source: VersionedSource<Watcher>;
  readonly #queue: AppendQueue<DecideChange<string>>;
  /** The state after the last change, so that the next change does not read it first. */
  #last: VersionedState | undefined;

  /** @param expireIn Milliseconds after the last append until the log expires. */
  constructor(
    source: VersionedSource<Watcher>,
    options: LogCallsOptions,
    expireIn?: number,
  ) {
    super(source, options, expireIn);
    this.#source = source;
    this.#queue = new AppendQueue(
      WRITE_BOUNDS,
      (decisions) => this.retry(this.#prepare(decisions), "append to"),
    );
  }

  async change<T>(task: string, decide: DecideChange<T>): Promise<T> {
    await this.retry(() => this.#source.sweep(), task);
    const [result] = await this.retry(this.#prepare([decide]), task);
    // There is one result for one decision.
    return result!;
  }

  async inspect(): Promise<EventLogState> {
    return await this.retry(() => this.#source.inspect(), "inspect");
  }

  protected write(
    decide: DecideChange<string>,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    return this.#queue.append(decide, size, signal);
  }

  /**
   * Prepares changes that are done in one step, each decided by the state that the one
   * before it leaves.
   *
   * @returns A function that does them and gives their results. After a failure it can be
   * called again: it does them once, even if a failed call has done them.
   */
  #prepare<T>(
    decisions: readonly DecideChange<T>[],
  ): (signal: AbortSignal) => Promise<readonly T[]> {
    const source = this.#source;
    const writeId = crypto.randomUUID();
    const attempts: Attempt<T>[] = [];
    return async (signal) => {
      for (;;) {
        signal.throwIfAborted();
        const read = this.#last ?? await source.readState();
        this.#last = undefined;
        const { stored } = read;
        const done = attempts.find(({ version }) =>
          version === stored?.version
        );
        if (done !== undefined) return done.results;
        try {
          const { state, lines, results } = decideAll(decisions, read);
          if (state === undefined) return results;
          const next = { ...state, version: crypto.randomUUID() };
          const first = `${state.epoch}-${state.last - lines.length + 1}`;
          attempts.push({ version: next.version, first, results });
          this.#last = await source.write({ stored, next, lines, writeId });
          if (this.#last !== undefined) return results;
        } catch (error) {
          if (attempts.length === 0) throw error;
          // The error may come from an earlier attempt of this write, which was done but whose
          // answer was lost; a later claim may follow that.
          const isOver = source.isWrittenAlready(error) ||
            error instanceof EventLogClaimError;
          const first = isOver ? await source.findWrite(writeId) : undefined;
          const done = attempts.find((attempt) => attempt.first === first);
          if (done === undefined) throw error;
          return done.results;
        }
      }
    };
  }
}

/** Makes one change of several decisions. */
function decideAll<T>(
  decisions: readonly DecideChange<T>[],
  { stored, clock }: VersionedState,
): { state: LogState | undefined; lines: string[]; results: T[] } {
  const now = Math.floor(clock + performance.now());
  let state: LogState | undefined;
  const lines: string[] = [];
  const results: T[] = [];
  for (const decide of decisions) {
    const change = decide(state ?? unexpired(stored, now), now);
    state = change.state ?? state;
    if (change.line !== undefined) lines.push(change.line);
    results.push(change.result);
  }
  return { state, lines, results };
}
