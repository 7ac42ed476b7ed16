// Copyright 2026 the Tidings authors. MIT license.

/**
 * The readers in this process: one channel for each run that has readers. `EventRuns`
 * hands it each request that gets a stream.
 *
 * @module
 */

import { EventChannel } from "../channel.ts";
import type { EventLog } from "../log.ts";
import type { ErrorReports } from "./_error_reports.ts";
import { GapEventLog } from "./_gap_event_log.ts";
import { logNameOf } from "./_log_names.ts";
import { LostRunLog } from "./_lost_run_log.ts";
import type { CheckedRunsOptions } from "./_option_checks.ts";
import type { EventRunsServeOptions } from "./_options.ts";
import { type Prefetch, prefetch, PrefetchedLog } from "./_prefetch.ts";
import { isEnd, makeEndEntry } from "./_status_entries.ts";
import type { StatusPoll } from "./_status_poll.ts";

/** The readers of one run. */
interface RunReaders {
  readonly log: LostRunLog;
  readonly channel: EventChannel;
  /** How many readers there are. */
  count: number;
  /** Ends the poll of the run's status. */
  unwatch: () => void;
}

/** The channels of the runs that are being read. */
export class Readers {
  readonly #options: CheckedRunsOptions;
  readonly #statusPoll: StatusPoll;
  readonly #errorReports: ErrorReports;
  /** The readers of each run, by its ID. */
  readonly #runs = new Map<string, RunReaders>();
  /** The readers of runs that are gone, until the last of them has been told. */
  readonly #lost = new Set<RunReaders>();
  /** The channels that are being closed. */
  readonly #closing = new Set<Promise<void>>();

  /**
   * @param options What the channels are made with.
   * @param statusPoll Finds out that a run which is being read is gone.
   */
  constructor(
    options: CheckedRunsOptions,
    statusPoll: StatusPoll,
  ) {
    this.#options = options;
    this.#statusPoll = statusPoll;
    this.#errorReports = options.errorReports;
  }

  /**
   * Reads the first events for a reader, if that saves it a wait: the log is far away,
   * and no other reader of the run is in this process.
   */
  async prefetch(
    id: string,
    lastEventId: string | undefined,
    signal: AbortSignal,
  ): Promise<Prefetch | undefined> {
    const log = this.#options.logs.open(logNameOf(id));
    const isNear = log.reaches !== undefined || this.#runs.has(id);
    return isNear ? undefined : await prefetch(log, lastEventId, signal);
  }

  /**
   * Answers a request with a run, to its end.
   *
   * @param id The ID of the run.
   * @param request The request.
   * @param options What the client gets.
   * @param prefetched The first events for the reader, if they were read already.
   * @param end The cursor of the end of the run at about that time.
   * @returns The response.
   */
  serve(
    id: string,
    request: Request,
    options: Omit<EventRunsServeOptions, "notFound">,
    prefetched: Prefetch | undefined,
    end: string | undefined,
  ): Response {
    const readers = this.#obtain(
      id,
      (log) =>
        prefetched === undefined
          ? log
          : new PrefetchedLog(log, prefetched, end),
    );
    // Counted before it is served: if another reader left meanwhile, the channel would
    // be closed under this one.
    readers.count++;
    let isServed = false;
    try {
      const response = readers.channel.serve(request, {
        ...options,
        replay: "all",
        until: isEnd,
        onClose: (reason) => {
          this.#release(id, readers);
          options.onClose?.(reason);
        },
      });
      isServed = true;
      return response;
    } finally {
      if (!isServed) this.#release(id, readers);
    }
  }

  /** Ends all streams. The clients come back to another process. */
  async close(): Promise<void> {
    for (const [id, readers] of this.#runs) this.#drop(id, readers);
    for (const readers of this.#lost) this.#close(readers);
    await Promise.all(this.#closing);
  }

  #obtain(id: string, prepare: (log: EventLog) => EventLog): RunReaders {
    const found = this.#runs.get(id);
    if (found !== undefined) return found;
    const { logs, keepAlive, retry, compression } = this.#options;
    const onError = (error: unknown): void =>
      this.#errorReports.report(error, id);
    // A gap becomes an event first: `LostRunLog` holds back any other gap until it has
    // asked the log whether anything is left.
    const log = new LostRunLog(
      new GapEventLog(prepare(logs.open(logNameOf(id))), onError),
    );
    const channel = new EventChannel({
      log,
      // A run has few readers: keeping its events in memory would cost more than it
      // saves. What a reader has missed is read from the log.
      liveSegmentBytes: 0,
      keepAlive,
      retry,
      compression,
      onError,
    });
    const readers: RunReaders = { log, channel, count: 0, unwatch: () => {} };
    readers.unwatch = this.#statusPoll.watch(id, () => this.#lose(id, readers));
    this.#runs.set(id, readers);
    return readers;
  }

  #release(id: string, readers: RunReaders): void {
    readers.count--;
    if (readers.count > 0) return;
    if (this.#lost.has(readers)) this.#close(readers);
    else this.#drop(id, readers);
  }

  /** Ends the streams of a run of which nothing is left. */
  #lose(id: string, readers: RunReaders): void {
    // The run has expired after its end, which its readers have been given.
    if (readers.log.hasEnd) return this.#drop(id, readers);
    if (this.#runs.get(id) !== readers) return;
    this.#runs.delete(id);
    readers.unwatch();
    // The channel stays open until each reader has taken the end. A new reader gets
    // another channel: a new run may have the ID by then.
    this.#lost.add(readers);
    readers.log.lose(makeEndEntry("lost", id, this.#options));
  }

  #drop(id: string, readers: RunReaders): void {
    if (this.#runs.get(id) !== readers) return;
    this.#runs.delete(id);
    readers.unwatch();
    this.#close(readers);
  }

  #close(readers: RunReaders): void {
    this.#lost.delete(readers);
    const closing = readers.channel.close();
    this.#closing.add(closing);
    closing.finally(() => this.#closing.delete(closing));
  }
}
