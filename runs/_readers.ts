// Copyright 2026 the Tidings authors. MIT license.

/**
 * Those who read runs in this process: a channel for each run that has readers.
 *
 * @module
 */

import { EventChannel } from "../channel.ts";
import type { EventLog } from "../log.ts";
import { isEnd } from "./_entries.ts";
import { GapTellingLog } from "./_gap_telling_log.ts";
import { type FirstPage, HeadStart, readFirstPage } from "./_head_start.ts";
import type { LostWatch } from "./_lost_watch.ts";
import type { CheckedRunsOptions, EventRunsServeOptions } from "./_options.ts";

interface Reading {
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
  readonly #readings = new Map<string, Reading>();
  /** The channels that are being closed. */
  readonly #closing = new Set<Promise<void>>();

  /**
   * @param options What the channels are made with.
   * @param watch Looks after the runs that are being read.
   */
  constructor(options: CheckedRunsOptions, watch: LostWatch) {
    this.#options = options;
    this.#watch = watch;
  }

  /**
   * Reads what a reader is sent first, if it is worth while: the log is far away, and
   * nobody here reads the run.
   */
  async readFirstPage(
    id: string,
    lastEventId: string | undefined,
  ): Promise<FirstPage | undefined> {
    const log = this.#options.logs.open(id);
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
    await Promise.all(this.#closing);
  }

  #obtain(id: string, prepare: (log: EventLog) => EventLog): Reading {
    const found = this.#readings.get(id);
    if (found !== undefined) return found;
    const { logs, keepAlive, retry, compression } = this.#options;
    const onError = (error: unknown): void => this.#options.onError(error, id);
    const channel = new EventChannel({
      log: new GapTellingLog(prepare(logs.open(id)), onError),
      // Few read a run: what they have missed is read when they ask for it.
      ringBytes: 0,
      keepAlive,
      retry,
      compression,
      onError,
    });
    const reading: Reading = { channel, count: 0, forget: () => {} };
    // Nothing will come any more: readers come back, and are told so.
    reading.forget = this.#watch.add(id, () => this.#drop(id, reading));
    this.#readings.set(id, reading);
    return reading;
  }

  #release(id: string, reading: Reading): void {
    reading.count--;
    if (reading.count === 0) this.#drop(id, reading);
  }

  #drop(id: string, reading: Reading): void {
    if (this.#readings.get(id) !== reading) return;
    this.#readings.delete(id);
    reading.forget();
    const closing = reading.channel.close();
    this.#closing.add(closing);
    closing.finally(() => this.#closing.delete(closing));
  }
}
