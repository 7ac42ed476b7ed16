// Copyright 2026 the Tidings authors. MIT license.

/**
 * The readers in this process: one channel for each run that has readers. `EventRuns`
 * hands it each request that gets a stream.
 *
 * @module
 */

import { TALLY } from "../_channel/option_checks.ts";
import type {
  StreamCounters,
  StreamTally,
} from "../_server/stream_counters.ts";
import { EventChannel, type EventChannelOptions } from "../channel.ts";
import type { EventLog, LoggedEvent } from "../log.ts";
import type { ErrorReports } from "./_error_reports.ts";
import { GapEventLog } from "./_gap_event_log.ts";
import { logNameOf } from "./_log_names.ts";
import { LostRunLog } from "./_lost_run_log.ts";
import type { CheckedRunsOptions } from "./_option_checks.ts";
import type { EventRunsServeOptions } from "./_options.ts";
import { type Prefetch, prefetch, PrefetchedLog } from "./_prefetch.ts";
import type { FoundRun } from "./_registry.ts";
import { ReplacedRunLog } from "./_replaced_run_log.ts";
import { type EventRunEnd, isEnd, makeEndEntry } from "./_status_entries.ts";
import type { StatusPoll } from "./_status_poll.ts";

/** The readers of one run. */
interface RunReaders {
  /** The claim of the run when they came, if the logs tell it. */
  readonly claimId: string | undefined;
  readonly log: LostRunLog;
  readonly channel: EventChannel;
  /** Whether an entry is the end of what they get. */
  readonly until: (entry: LoggedEvent) => boolean;
  /** How many readers there are. */
  count: number;
  /** Ends the poll of the run's status. */
  readonly unwatch: () => void;
}

/** The channels of the runs that are being read. */
export class Readers {
  readonly #options: CheckedRunsOptions;
  readonly #statusPoll: StatusPoll;
  readonly #errorReports: ErrorReports;
  /** The readers of each run, by its ID. */
  readonly #runs = new Map<string, RunReaders>();
  /**
   * The readers that no other reader joins, since there is a later claim of the run, or
   * nothing is left of it: until the last of them has left.
   */
  readonly #former = new Set<RunReaders>();
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

  /** Gives the counters of all readers. */
  readCounters(): StreamCounters {
    const gauges = { size: 0, live: 0, behind: 0 };
    let sinceLogFailure: number | undefined;
    for (const { channel } of [...this.#runs.values(), ...this.#former]) {
      const counters = channel.counters;
      gauges.size += counters.size;
      gauges.live += counters.live;
      gauges.behind += counters.behind;
      const since = counters.sinceLogFailure;
      if (since !== undefined) {
        sinceLogFailure = Math.min(sinceLogFailure ?? since, since);
      }
    }
    return this.#options.tally.read({ ...gauges, sinceLogFailure });
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
   * @param run The run at about that time.
   * @returns The response.
   */
  serve(
    id: string,
    request: Request,
    options: Omit<EventRunsServeOptions, "notFound">,
    prefetched: Prefetch | undefined,
    run: FoundRun,
  ): Response {
    const readers = this.#obtain(
      id,
      run,
      (log) =>
        prefetched === undefined
          ? log
          : new PrefetchedLog(log, prefetched, run.end),
    );
    // Counted before it is served: if another reader left meanwhile, the channel would
    // be closed under this one.
    readers.count++;
    let isServed = false;
    try {
      const response = readers.channel.serve(request, {
        ...options,
        replay: "all",
        until: readers.until,
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
    for (const readers of this.#former) this.#close(readers);
    await Promise.all(this.#closing);
  }

  /** Gives the readers of a run under its last claim. */
  #obtain(
    id: string,
    run: FoundRun,
    prepare: (log: EventLog) => EventLog,
  ): RunReaders {
    const found = this.#runs.get(id);
    if (found !== undefined && found.claimId === run.claimId) return found;
    // It may be a new run, which the readers of the old one do not get.
    if (found !== undefined) this.#retire(id, found);
    const readers = this.#open(id, run, prepare);
    this.#runs.set(id, readers);
    return readers;
  }

  #open(
    id: string,
    { claimId, end }: FoundRun,
    prepare: (log: EventLog) => EventLog,
  ): RunReaders {
    const { logs, keepAlive, retry, compression, tally } = this.#options;
    const onError = (error: unknown): void =>
      this.#errorReports.report(error, id);
    const own = new ReplacedRunLog(
      prepare(logs.open(logNameOf(id))),
      () => this.#end(id, readers, "replaced"),
    );
    // A gap becomes an event first: `LostRunLog` holds back any other gap until it has
    // asked the log whether anything is left.
    const log = new LostRunLog(new GapEventLog(own, onError));
    const options: EventChannelOptions & { [TALLY]: StreamTally } = {
      log,
      // A run has few readers: keeping its events in memory would cost more than it
      // saves. What a reader has missed is read from the log.
      liveSegmentBytes: 0,
      keepAlive,
      retry,
      compression,
      onError,
      [TALLY]: tally,
    };
    const channel = new EventChannel(options);
    const readers: RunReaders = {
      claimId,
      log,
      channel,
      until: (entry) =>
        isEnd(entry) && !own.isContinued(entry.id) &&
        !isBefore(own, entry.id, end),
      count: 0,
      unwatch: this.#statusPoll.watch(id, () => {
        // The run may have expired after its end, which its readers have been given.
        if (log.hasEnd) this.#drop(id, readers);
        else this.#end(id, readers, "lost");
      }),
    };
    return readers;
  }

  #release(id: string, readers: RunReaders): void {
    readers.count--;
    if (readers.count > 0) return;
    if (this.#former.has(readers)) this.#close(readers);
    else this.#drop(id, readers);
  }

  /** Ends the streams of a run that is gone, or that another run has replaced. */
  #end(id: string, readers: RunReaders, end: EventRunEnd): void {
    this.#retire(id, readers);
    readers.unwatch();
    readers.log.lose(makeEndEntry(end, id, this.#options));
  }

  /**
   * Lets no other reader join. The channel stays open until each reader has taken the
   * end.
   */
  #retire(id: string, readers: RunReaders): void {
    if (this.#runs.get(id) !== readers) return;
    this.#runs.delete(id);
    this.#former.add(readers);
  }

  #drop(id: string, readers: RunReaders): void {
    if (this.#runs.get(id) === readers) this.#runs.delete(id);
    this.#close(readers);
  }

  #close(readers: RunReaders): void {
    readers.unwatch();
    this.#former.delete(readers);
    const closing = readers.channel.close();
    this.#closing.add(closing);
    closing.finally(() => this.#closing.delete(closing));
  }
}

/** Whether one ID is known to lie before another one in a log. */
function isBefore(
  log: EventLog,
  id: string,
  other: string | undefined,
): boolean {
  const order = other === undefined ? undefined : log.compare?.(id, other);
  return order !== undefined && order < 0;
}
