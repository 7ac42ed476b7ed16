// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log whose engine gives the state of the log another version with each change: a change is
 * decided by the state that was read, and written if the log still has that version. The
 * appends of one event loop turn are one change.
 *
 * @module
 */

import { parseEpochCursor } from "../../_log/epoch_cursor.ts";
import type { EventLogBatch } from "../../_log/event_log.ts";
import {
  EventLogClaimError,
  type EventLogState,
} from "../../_log/event_logs.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import { AppendQueue, WRITE_BOUNDS } from "./append_queue.ts";
import { EpochReader, type EpochState, findPosition } from "./epoch_reader.ts";
import type { ChangeWatcher } from "./follow_changes.ts";
import type { LogCallsOptions, LogReader } from "./log_calls.ts";
import {
  type DecideChange,
  describeLog,
  type LogState,
  unexpired,
} from "./log_changes.ts";
import { RecentWrites, type WriteSize } from "./recent_writes.ts";
import { StateLog } from "./state_log.ts";

/** The state of a log, and the version of it. */
export interface VersionedState extends LogState {
  readonly version: string;
}

/** The state of a log that was read. */
export interface ReadState {
  /** `undefined` if there is none. It may have expired. */
  readonly stored: VersionedState | undefined;
  /** The clock of the engine when it was read, in milliseconds. */
  readonly now: number;
}

/** The state of a log, and events. */
export interface ReadPage extends ReadState {
  /** The sequences and the lines of the events, the oldest first. */
  readonly rows: readonly (readonly [sequence: number, line: string])[];
}

/** A change that is to be written. */
export interface VersionedChange {
  /** The state that it was decided by. */
  readonly stored: VersionedState | undefined;
  readonly next: VersionedState;
  /** The events to append; the last one has the sequence `next.last`. */
  readonly lines: readonly string[];
  /** Tells the write from all others. */
  readonly writeId: string;
}

/** What the engine has of a log, and how it is written. */
export interface VersionedSource<Watcher extends ChangeWatcher> {
  /**
   * Reads the state, and the events after a sequence if the log is still of an epoch, or from
   * the oldest. Without a sequence, it reads the last event.
   */
  readPage(
    bounds: ReadBounds,
    epoch?: string,
    sequence?: number,
  ): Promise<ReadPage>;
  /**
   * Writes a change.
   *
   * @returns The clock of the engine; `undefined` if the log has another version than
   * `stored`.
   */
  write(change: VersionedChange): Promise<number | undefined>;
  /** Whether an error says that an earlier attempt of the same write was done. */
  isWrittenAlready(error: unknown): boolean;
  /** Finds the ID of the first event of a write, `undefined` if it is not there. */
  findWrite(writeId: string): Promise<string | undefined>;
  /** Removes logs that have expired, now and then. */
  sweep(): Promise<void>;
  /** Watches the log for changes. */
  watch(): Watcher;
}

/** Bounds to read the state and one event. */
const ONE: ReadBounds = { limit: 1, maxBytes: 0 };

/** Events that were written. */
interface Written extends EpochState {
  readonly lines: readonly string[];
}

/** A write whose answer may be lost. */
interface Attempt<T> {
  readonly version: string;
  /** The ID of its first event, if it has one. */
  readonly first: string;
  /** The events of the decisions. */
  readonly written: Written;
  readonly results: readonly T[];
}

/** One log in such an engine. */
export class VersionedLog<Watcher extends ChangeWatcher>
  extends StateLog<Watcher> {
  readonly #source: VersionedSource<Watcher>;
  readonly #queue: AppendQueue<DecideChange<string>>;
  /**
   * The state after the last change, so that the next change does not read it first, and the
   * clock of the engine less that of this process, in milliseconds.
   */
  #last: { stored: VersionedState | undefined; clock: number } | undefined;
  /**
   * What was written last. It is written again, with the next change, if the engine loses it,
   * as after a failover.
   */
  readonly #written = new RecentWrites(measureWritten);

  /** @param expireIn Milliseconds after the last append until the log expires. */
  constructor(
    source: VersionedSource<Watcher>,
    options: LogCallsOptions,
    expireIn?: number,
  ) {
    super(
      { ...makeReader(source), watch: () => source.watch() },
      options,
      expireIn,
    );
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
    const read = (): Promise<ReadPage> => this.#source.readPage(ONE);
    const { stored, now, rows: [row] } = await this.retry(read, "inspect");
    const state = unexpired(stored, now);
    const line = row?.[0] === state?.last ? row?.[1] : undefined;
    return describeLog(state, line, now);
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
        const last = this.#last ?? stamp(await source.readPage(ONE));
        this.#last = undefined;
        const { stored } = last;
        const done = attempts.find(({ version }) =>
          version === stored?.version
        );
        if (done !== undefined) return this.#confirm(done);
        try {
          const clock = Math.floor(last.clock + performance.now());
          const whole = this.#restore(unexpired(stored, clock));
          const { state, lines: added, results } = decideAll(
            decisions,
            whole.state,
            clock,
          );
          if (state === undefined) return results;
          const next = { ...state, version: crypto.randomUUID() };
          const lines = [...whole.lines, ...added];
          const { version, epoch } = next;
          const first = `${epoch}-${next.last - lines.length + 1}`;
          const written = { epoch, last: next.last, lines: added };
          const attempt = { version, first, written, results };
          attempts.push(attempt);
          const now = await source.write({ stored, next, lines, writeId });
          if (now === undefined) continue;
          this.#last = stamp({ stored: next, now });
          return this.#confirm(attempt);
        } catch (error) {
          if (attempts.length === 0) throw error;
          // The error may come from an earlier attempt of this write, which was done but whose
          // answer was lost; a later claim may follow that.
          const isOver = source.isWrittenAlready(error) ||
            error instanceof EventLogClaimError;
          const first = isOver ? await source.findWrite(writeId) : undefined;
          const done = attempts.find((attempt) => attempt.first === first);
          if (done === undefined) throw error;
          return this.#confirm(done);
        }
      }
    };
  }

  /** Notes that an attempt was done, and gives its results. */
  #confirm<T>({ written, results }: Attempt<T>): readonly T[] {
    if (written.lines.length > 0) this.#written.add(written);
    return results;
  }

  /**
   * Gives a state as it was before the engine lost events, and those of them at the end that
   * are still known. Readers are told a gap where others are missing.
   */
  #restore(
    state: LogState | undefined,
  ): { state: LogState | undefined; lines: readonly string[] } {
    const all = this.#written.all;
    const end = all.at(-1);
    if (end === undefined || state === undefined) return { state, lines: [] };
    const isWhole = state.epoch !== end.epoch || state.last >= end.last;
    if (isWhole) return { state, lines: [] };
    const lost: string[] = [];
    for (const { epoch, last, lines } of all.toReversed()) {
      if (epoch !== end.epoch || last !== end.last - lost.length) break;
      lost.unshift(...lines);
      if (last - lines.length <= state.last) break;
    }
    const lines = lost.slice(-(end.last - state.last));
    return { state: { ...state, last: end.last }, lines };
  }
}

function measureWritten({ lines }: Written): WriteSize {
  const bytes = lines.reduce((sum, line) => sum + 2 * line.length, 0);
  return { events: lines.length, bytes };
}

function makeReader<Watcher extends ChangeWatcher>(
  source: VersionedSource<Watcher>,
): LogReader {
  return {
    async read(after: string, bounds: ReadBounds): Promise<EventLogBatch> {
      const { epoch = "", sequence = 0 } = parseEpochCursor(after) ?? {};
      const page = await source.readPage(bounds, epoch, sequence);
      const state = unexpired(page.stored, page.now);
      const reader = new EpochReader(state, after, bounds);
      for (const row of page.rows) reader.addLine(...row);
      return reader.finish();
    },
    async rewind(count: number): Promise<string> {
      const { stored, now, rows: [oldest] } = await source.readPage(ONE, "", 0);
      return findPosition(unexpired(stored, now), count, oldest?.[0]);
    },
  };
}

/** Compares the clock of the engine with that of this process. */
function stamp(
  { stored, now }: ReadState,
): { stored: VersionedState | undefined; clock: number } {
  return { stored, clock: now - performance.now() };
}

/** Makes one change of several decisions. `before` is the state, unless it has expired. */
function decideAll<T>(
  decisions: readonly DecideChange<T>[],
  before: LogState | undefined,
  now: number,
): { state: LogState | undefined; lines: string[]; results: T[] } {
  let state: LogState | undefined;
  const lines: string[] = [];
  const results: T[] = [];
  for (const decide of decisions) {
    const change = decide(state ?? before, now);
    state = change.state ?? state;
    if (change.line !== undefined) lines.push(change.line);
    results.push(change.result);
  }
  return { state, lines, results };
}
