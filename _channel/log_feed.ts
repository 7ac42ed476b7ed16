// Copyright 2026 the Tidings authors. MIT license.

/**
 * Keeps the end of a channel's log in memory: follows the log, encodes each event once,
 * and adds it to the live segment. The broadcaster is told what has come.
 *
 * @module
 */

import { fillLiveSegment } from "./fill_live_segment.ts";
import { type EventChannelStall, LogFollower } from "./log_follower.ts";
import { LogReader } from "./log_reader.ts";
import type { ChannelErrors } from "./channel_errors.ts";
import { type MakeFrame, makeFrameMaker } from "./make_frame.ts";
import { type Frame, Segment } from "./segment.ts";
import type { EventLog, EventLogBatch } from "../log.ts";

/** Which log to follow, and how much of it to keep. */
export interface LogFeedOptions {
  log: EventLog;
  /** The most bytes that the live segment holds. */
  liveSegmentBytes: number;
}

/** What the feed calls when events come. */
export interface LogFeedListener {
  /** Called with the frames that were added to the live segment. There may be none. */
  handleFrames(frames: readonly Frame[]): void;
  /** Called before the live segment drops its frames, since the log continues elsewhere. */
  handleCut(): void;
  /**
   * Called after that.
   *
   * @param cursor The cursor at which the live segment begins, `""` if it is unknown.
   */
  handleRestart(cursor: string): void;
  /** Called once no more older events are added to the live segment. */
  handleFilled(): void;
}

/** The end of a log, in the live segment. */
export class LogFeed {
  readonly liveSegment: Segment;
  /** Reads from the log for everything that is not in the live segment. */
  readonly reader: LogReader;
  /** Encodes an event of the log. */
  readonly makeFrame: MakeFrame;
  readonly #log: EventLog;
  readonly #listener: LogFeedListener;
  readonly #errors: ChannelErrors;
  readonly #follower: LogFollower;
  /** The cursor at which following began; set by the first batch. */
  #startCursor: string | undefined;
  /** Called once following has begun, or the feed is stopped. */
  #beginWaiters: (() => void)[] = [];
  #isStopped = false;
  /** Settles once the live segment is filled; set when filling begins. */
  #filling: Promise<void> | undefined;
  #isFilling: boolean;

  /**
   * @param options Which log to follow.
   * @param errors Told of what fails.
   * @param listener Told of what comes, once the feed is started.
   */
  constructor(
    options: LogFeedOptions,
    errors: ChannelErrors,
    listener: LogFeedListener,
  ) {
    const { log, liveSegmentBytes } = options;
    this.liveSegment = new Segment(liveSegmentBytes);
    this.#log = log;
    this.#listener = listener;
    this.#errors = errors;
    this.makeFrame = makeFrameMaker(errors.tellEntry);
    this.#follower = new LogFollower(
      log,
      (batch) => this.#take(batch),
      (error) => {
        // Subscribers that wait for the filling would wait for as long as the log is
        // unreachable.
        this.#endFilling();
        errors.tellLog(error);
      },
    );
    this.reader = new LogReader(log, this.#follower.signal, errors.tellLog);
    this.#isFilling = !this.isNear && liveSegmentBytes > 0;
  }

  /**
   * Whether the log knows at once what it has. Then it is as fast as the live segment,
   * which is not filled.
   */
  get isNear(): boolean {
    return this.#log.reaches !== undefined;
  }

  /** The failure that keeps events from coming; `undefined` if there is none. */
  get stall(): EventChannelStall | undefined {
    return this.#follower.stall;
  }

  /** As {@linkcode LogFollower.sinceFailure}. */
  get sinceFailure(): number | undefined {
    return this.#follower.sinceFailure;
  }

  /** The cursor at which following began; `undefined` before that. */
  get startCursor(): string | undefined {
    return this.#startCursor;
  }

  /**
   * The cursor after the newest event that was followed; `undefined` before the first
   * batch.
   */
  get endCursor(): string | undefined {
    return this.#startCursor === undefined
      ? undefined
      : this.liveSegment.endCursor;
  }

  /**
   * Gives the cursor after the newest event that was followed, as soon as there is one;
   * `undefined` if the feed is stopped before that.
   */
  async whenFollowed(): Promise<string | undefined> {
    // Read now: a caller counts from here, and not from when it goes on.
    const { endCursor } = this;
    if (endCursor !== undefined || this.#isStopped) return endCursor;
    await new Promise<void>((resolve) => this.#beginWaiters.push(resolve));
    return this.#startCursor;
  }

  /** Whether older events are still being added to the live segment. */
  get isFilling(): boolean {
    return this.#isFilling;
  }

  /** Settles once the live segment is filled, as far as that has begun. */
  get filled(): Promise<void> {
    return this.#filling ?? Promise.resolve();
  }

  /** Begins to follow the log. Later calls have no effect. */
  start(): void {
    this.#follower.start();
  }

  /** Stops to follow and to read the log. */
  async stop(): Promise<void> {
    const stopped = this.#follower.stop();
    this.#isStopped = true;
    this.#endBeginWait();
    this.reader.wake();
    await Promise.all([stopped, this.#filling]);
  }

  /**
   * Whether the log still has everything after a cursor; `undefined` if that cannot be
   * told at once.
   */
  reaches(cursor: string): boolean | undefined {
    return this.#log.reaches?.(cursor);
  }

  /** Whether a cursor lies after another one, as far as the log can tell. */
  isAfter(cursor: string, other: string): boolean {
    return (this.#log.compare?.(cursor, other) ?? 0) > 0;
  }

  /**
   * Whether the log still has everything after a cursor. Where it is not near, it is read.
   *
   * @param isNeeded Whether a subscriber still needs the answer.
   */
  isKept(
    cursor: string,
    isNeeded: () => boolean,
  ): boolean | Promise<boolean> {
    return this.reaches(cursor) ?? this.#isGapless(cursor, isNeeded);
  }

  /**
   * Finds the cursor a number of events before the end, in the live segment if that holds
   * as many.
   *
   * @param isNeeded Whether a subscriber still needs the answer.
   * @returns The cursor; `undefined` once it is not needed.
   */
  async rewind(
    count: number,
    isNeeded: () => boolean,
  ): Promise<string | undefined> {
    await this.filled;
    return this.liveSegment.rewind(count) ??
      await this.reader.rewind(count, isNeeded);
  }

  /** Takes a batch from the follower. */
  #take({ events, cursor, gap }: EventLogBatch): void {
    this.#errors.noteAnswer();
    const frames = events.map(this.makeFrame);
    if (gap || this.#startCursor === undefined) {
      this.#restart(frames.length === 0 ? cursor : "");
      if (this.#startCursor === undefined) this.#begin(cursor);
    }
    for (const frame of frames) this.liveSegment.add(frame);
    this.#listener.handleFrames(frames);
  }

  #restart(cursor: string): void {
    this.#listener.handleCut();
    this.liveSegment.restart(cursor);
    this.#listener.handleRestart(cursor);
  }

  #begin(cursor: string): void {
    this.#startCursor = cursor;
    this.#endBeginWait();
    if (!this.#isFilling) return;
    const isNeeded = (): boolean => !this.#follower.signal.aborted;
    this.#filling = fillLiveSegment(
      this.liveSegment,
      this.reader,
      this.makeFrame,
      isNeeded,
    ).finally(() => this.#endFilling());
  }

  #endBeginWait(): void {
    for (const resolve of this.#beginWaiters) resolve();
    this.#beginWaiters = [];
  }

  #endFilling(): void {
    this.#isFilling = false;
    this.#listener.handleFilled();
  }

  async #isGapless(
    cursor: string,
    isNeeded: () => boolean,
  ): Promise<boolean> {
    // A limit of 1, since the events do not matter here, and an engine may fetch as many
    // as it is asked for.
    const batch = await this.reader.read(cursor, { limit: 1 }, isNeeded);
    // If the log does not answer, nothing is known, and nothing has to be sent.
    return batch?.gap !== true;
  }
}
