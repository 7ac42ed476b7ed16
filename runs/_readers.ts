// Copyright 2026 the Tidings authors. MIT license.

/**
 * Those who read runs in this process: a channel for each run that has readers.
 *
 * @module
 */

import { EventChannel } from "../channel.ts";
import type { EventLog } from "../log.ts";
import { isEnd, makeEndEntry, nameOf } from "./_entries.ts";
import { GapTellingLog } from "./_gap_telling_log.ts";
import { type FirstPage, HeadStart, readFirstPage } from "./_head_start.ts";
import type { LostWatch } from "./_lost_watch.ts";
import type { CheckedRunsOptions, EventRunsServeOptions } from "./_options.ts";
import type { Reports } from "./_reports.ts";
import { RunLog } from "./_run_log.ts";

interface Reading {
  readonly log: RunLog;
  readonly channel: EventChannel;
  /** How many readers it has. */
  count: number;
  /** Ends the look after the run. */
  forget: () => void;
}

/** The channels of the runs that are being read. */
export class Readers {
  readonly #options: CheckedRunsOptions;
  readonly #watch: LostWatch;
  readonly #reports: Reports;
  readonly #readings = new Map<string, Reading>();
  /** Those of runs that are gone, until the last reader is told. */
  readonly #lost = new Set<Reading>();
  /** The channels that are being closed. */
  readonly #closing = new Set<Promise<void>>();

  /**
   * @param options What the channels are made with.
   * @param watch Looks after the runs that are being read.
   * @param reports Told what the logs fail with.
   */
  constructor(
    options: CheckedRunsOptions,
    watch: LostWatch,
    reports: Reports,
  ) {
    this.#options = options;
    this.#watch = watch;
    this.#reports = reports;
  }

  /**
   * Reads what a reader is sent first, if it is worth while: the log is far away, and
   * nobody here reads the run.
   */
  async readFirstPage(
    id: string,
    lastEventId: string | undefined,
  ): Promise<FirstPage | undefined> {
    const log = this.#options.logs.open(nameOf(id));
    const isNear = log.reaches !== undefined || this.#readings.has(id);
    return isNear ? undefined : await readFirstPage(log, lastEventId);
  }

  /**
   * Answers a request with a run, to its end.
   *
   * @param page What the reader is sent first, if it was read already.
   * @param end The cursor of the end of the run, as it was about then.
   */
  serve(
    id: string,
    request: Request,
    options: EventRunsServeOptions,
    page: FirstPage | undefined,
    end: string | undefined,
  ): Response {
    const reading = this.#obtain(
      id,
      (log) => page === undefined ? log : new HeadStart(log, page, end),
    );
    // Whoever is served is counted, lest the channel is closed meanwhile.
    reading.count++;
    let isServed = false;
    try {
      const response = reading.channel.serve(request, {
        ...options,
        replay: "all",
        until: isEnd,
        onClose: (reason) => {
          this.#release(id, reading);
          options.onClose?.(reason);
        },
      });
      isServed = true;
      return response;
    } finally {
      if (!isServed) this.#release(id, reading);
    }
  }

  /** Ends all streams. Their readers come back elsewhere. */
  async close(): Promise<void> {
    for (const [id, reading] of this.#readings) this.#drop(id, reading);
    for (const reading of this.#lost) this.#close(reading);
    await Promise.all(this.#closing);
  }

  #obtain(id: string, prepare: (log: EventLog) => EventLog): Reading {
    const found = this.#readings.get(id);
    if (found !== undefined) return found;
    const { logs, keepAlive, retry, compression } = this.#options;
    const onError = (error: unknown): void => this.#reports.note(error, id);
    // What is missing is told before a look at whether anything is left.
    const log = new RunLog(
      new GapTellingLog(prepare(logs.open(nameOf(id))), onError),
    );
    const channel = new EventChannel({
      log,
      // Few read a run: what they have missed is read when they ask for it.
      liveSegmentBytes: 0,
      keepAlive,
      retry,
      compression,
      onError,
    });
    const reading: Reading = { log, channel, count: 0, forget: () => {} };
    reading.forget = this.#watch.add(id, () => this.#lose(id, reading));
    this.#readings.set(id, reading);
    return reading;
  }

  #release(id: string, reading: Reading): void {
    reading.count--;
    if (reading.count > 0) return;
    if (this.#lost.has(reading)) this.#close(reading);
    else this.#drop(id, reading);
  }

  /** Ends the streams of a run of which nothing is left. */
  #lose(id: string, reading: Reading): void {
    // It has expired after its end, of which the readers know.
    if (reading.log.hasEnd) return this.#drop(id, reading);
    if (this.#readings.get(id) !== reading) return;
    this.#readings.delete(id);
    reading.forget();
    // It stays until each reader has taken the end, and is not joined by others.
    this.#lost.add(reading);
    reading.log.lose(makeEndEntry("lost", id, this.#options));
  }

  #drop(id: string, reading: Reading): void {
    if (this.#readings.get(id) !== reading) return;
    this.#readings.delete(id);
    reading.forget();
    this.#close(reading);
  }

  #close(reading: Reading): void {
    this.#lost.delete(reading);
    const closing = reading.channel.close();
    this.#closing.add(closing);
    closing.finally(() => this.#closing.delete(closing));
  }
}
