// Copyright 2026 the Tidings authors. MIT license.

/**
 * From the one follower of a log to the many clients of a channel.
 *
 * @module
 */

import { GroupIndex } from "./group_index.ts";
import { fillLiveSegment } from "./fill_live_segment.ts";
import { CatchUp } from "./catch_up.ts";
import { RetentionWatch } from "./retention_watch.ts";
import { LogReader } from "./log_reader.ts";
import { CatchUpChunks } from "./catch_up_chunks.ts";
import {
  type Frame,
  makeFrame,
  Segment,
  type SegmentLocation,
} from "./segment.ts";
import { KeepAliveSchedule } from "./keep_alive_schedule.ts";
import { LogFollower } from "./log_follower.ts";
import { Broadcast } from "./broadcast.ts";
import { encodeEvent } from "../encoder.ts";
import type { EventLog, EventLogBatch } from "../log.ts";
import type { CloseReason } from "../server.ts";

/** What a channel has done since it was made. */
export interface EventChannelCounters {
  /** Events given to subscribers: one event for two clients counts as two. */
  delivered: number;
  /** Bytes given to clients, as they are sent, comments and the like included. */
  bytes: number;
  /** Bytes that would have been sent on top of these without compression. */
  savedBytes: number;
  /** Clients that were told of a gap. */
  gaps: number;
  /** Clients that were closed because they fell behind the whole log. */
  overflows: number;
}

/** What a broadcaster is made of, checked and with the defaults filled in. */
export interface BroadcasterOptions {
  log: EventLog;
  /** Bytes that the segment may hold. */
  liveSegmentBytes: number;
  /** Milliseconds of silence before a comment, 0 for none. */
  keepAlive: number;
  /** The reconnection time that each client is told first. */
  retry?: number | undefined;
  onError?: ((error: unknown) => void) | undefined;
}

/** Milliseconds after which others get a turn while many clients go on at once. */
const MAX_BUSY = 8;
/** Events after which a log that is far away is asked again what it still has. */
const MIN_ASKING_STEP = 32;

/** One client, as the broadcaster sees it. */
export interface ChannelSubscriber {
  /** Looks again for what comes next, after it has found nothing. */
  resume(): void;
  /** Takes no more of what is handed out, but reads on from a location. */
  fallBehind(cursor: string, position: number): void;
  /** Reads on from a location, since the log goes on elsewhere. */
  cutOff(cursor: string, position: number): void;
  /** Sends a comment, if nothing else was sent for a while. */
  keepAlive(): void;
  /** Sends its location, if the client knows none of at least a position. */
  tell(position: number): void;
  /** Ends, after a last chunk if there is one. */
  end(reason: CloseReason, chunk?: Uint8Array<ArrayBuffer>): void;
}

/** Follows a log, keeps its end in a segment, and hands it out turn by turn. */
export class Broadcaster {
  readonly log: EventLog;
  readonly liveSegment: Segment;
  readonly follower: LogFollower;
  readonly reader: LogReader;
  readonly catchUp: CatchUp;
  readonly groupIndex = new GroupIndex();
  readonly catchUpChunks = new CatchUpChunks();
  readonly onError: ((error: unknown) => void) | undefined;
  /** What each client gets before all else. */
  readonly preamble: Uint8Array<ArrayBuffer> | undefined;
  readonly counters: EventChannelCounters = {
    delivered: 0,
    bytes: 0,
    savedBytes: 0,
    gaps: 0,
    overflows: 0,
  };
  readonly #subscribers: KeepAliveSchedule<ChannelSubscriber>;
  /** Those who have found nothing, and look again when something is handed out. */
  #idle: ChannelSubscriber[] = [];
  /** Runs while others have a turn before the rest of them. */
  #resumeTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #retentionWatch: RetentionWatch;
  /** The place where the following began; set by the first batch. */
  #startCursor: string | undefined;
  /** Settles once the segment is filled; set when that begins. */
  #filling: Promise<void> | undefined;
  #isFilling: boolean;
  /** The place up to which frames were handed out, in the segment's terms and the log's. */
  #position = 0;
  #cursor = "";
  /** The frames that are to be handed out. */
  #frames: Frame[] = [];
  /** Whether something is to be handed out, be it only the news that there is nothing. */
  #isDue = false;
  /** Runs from a hand-out to the end of its turn; meanwhile frames are collected. */
  #collectTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: BroadcasterOptions) {
    const { log, liveSegmentBytes, keepAlive, retry, onError } = options;
    this.log = log;
    this.liveSegment = new Segment(liveSegmentBytes);
    this.follower = new LogFollower(
      log,
      (batch) => this.#take(batch),
      (error) => {
        // Those who wait for the segment would wait for as long as the log is away.
        this.#endFilling();
        onError?.(error);
      },
    );
    this.reader = new LogReader(log, this.follower.signal, onError);
    this.catchUp = new CatchUp(log, this.reader);
    this.preamble = retry === undefined ? undefined : encodeEvent({ retry });
    this.onError = onError;
    this.#subscribers = new KeepAliveSchedule(
      keepAlive / 2,
      (subscriber) => subscriber.keepAlive(),
    );
    // A log that tells at once what it has is as near as the segment.
    const isNear = log.reaches !== undefined;
    this.#isFilling = !isNear && liveSegmentBytes > 0;
    this.#retentionWatch = new RetentionWatch(
      isNear ? 1 : MIN_ASKING_STEP,
      (cursor) => log.reaches?.(cursor) ?? this.#isKept(cursor),
      (position) =>
        this.#subscribers.visitAll((subscriber) => subscriber.tell(position)),
    );
  }

  /** How many clients there are. */
  get size(): number {
    return this.#subscribers.size;
  }

  /** The position up to which frames were handed out. */
  get position(): number {
    return this.#position;
  }

  /** The cursor of {@linkcode Broadcaster.position}. */
  get cursor(): string {
    return this.#cursor;
  }

  /** Where the following began, `undefined` as long as it did not. */
  get startCursor(): string | undefined {
    return this.#startCursor;
  }

  /** Where the log ends as far as it was followed, `undefined` as long as it was not. */
  get endCursor(): string | undefined {
    return this.#startCursor === undefined
      ? undefined
      : this.liveSegment.endCursor;
  }

  /** Whether more of the log's end will be in the segment soon. */
  get isFilling(): boolean {
    return this.#isFilling;
  }

  /** How many rounds of keep-alive were begun. */
  get keepAliveTick(): number {
    return this.#subscribers.tick;
  }

  /** Adds a client. */
  add(subscriber: ChannelSubscriber): void {
    this.#subscribers.add(subscriber);
  }

  /** Removes a client that is closed. */
  remove(subscriber: ChannelSubscriber): void {
    this.#subscribers.remove(subscriber);
    if (this.#subscribers.size > 0) return;
    this.#idle = [];
    clearTimeout(this.#resumeTimer);
    this.#resumeTimer = undefined;
    this.#endCollecting();
    // A log that tells at once what it has can as well be read again.
    if (this.log.reaches === undefined) this.catchUp.rest();
    else this.catchUp.clear();
    this.catchUpChunks.clear();
    this.reader.wake();
  }

  /**
   * Finds where a client goes on without the log.
   *
   * @param isNew Whether it has come just now: then it goes on no further back
   * than the log would let it.
   * @returns The location, `undefined` if the log has to be read.
   */
  locate(cursor: string, isNew = false): SegmentLocation | undefined {
    if (isNew && this.log.reaches?.(cursor) === false) return undefined;
    const { liveSegment } = this;
    const position = liveSegment.find(cursor);
    return position === undefined
      ? this.catchUp.find(cursor)
      : { segment: liveSegment, position };
  }

  /** Has a client look again when something is handed out. */
  idle(subscriber: ChannelSubscriber): void {
    this.#idle.push(subscriber);
  }

  /**
   * Finds the place so many events before the end, in the segment if it has them all.
   *
   * @param isNeeded Whether anybody still waits for the answer.
   * @returns Its cursor, `undefined` once nobody waits for it.
   */
  async rewind(
    count: number,
    isNeeded: () => boolean,
  ): Promise<string | undefined> {
    await this.#filling;
    return this.liveSegment.rewind(count) ??
      await this.reader.rewind(count, isNeeded);
  }

  /** Ends all streams, each with a chunk of its own, and the following. */
  async stop(
    makeFarewell: () => Uint8Array<ArrayBuffer> | undefined,
  ): Promise<void> {
    this.#handOut();
    for (const subscriber of this.#subscribers) {
      subscriber.end("server", makeFarewell());
    }
    this.catchUp.clear();
    const stopped = this.follower.stop();
    this.reader.wake();
    await Promise.all([stopped, this.#filling]);
  }

  /** Takes what the follower brings: all of it, or nothing if an event cannot be encoded. */
  #take({ events, cursor, gap }: EventLogBatch): void {
    const frames = events.map(makeFrame);
    if (gap || this.#startCursor === undefined) {
      this.#restart(frames.length === 0 ? cursor : "");
      if (this.#startCursor === undefined) this.#begin(cursor);
    }
    for (const frame of frames) {
      this.liveSegment.add(frame);
      this.#frames.push(frame);
    }
    if (this.#isDue) return;
    this.#isDue = true;
    if (this.#collectTimer === undefined) queueMicrotask(() => this.#handOut());
  }

  #begin(cursor: string): void {
    this.#startCursor = cursor;
    if (!this.#isFilling) return;
    const isNeeded = (): boolean => !this.follower.signal.aborted;
    this.#filling = fillLiveSegment(this.liveSegment, this.reader, isNeeded)
      // An event cannot be encoded: its readers will find out.
      .catch(() => {})
      .finally(() => this.#endFilling());
  }

  #endFilling(): void {
    this.#isFilling = false;
    this.#resume();
  }

  /** Goes on elsewhere in the log. Clients find out for themselves what they have missed. */
  #restart(cursor: string): void {
    this.#handOut();
    const before = this.#cursor;
    const position = this.#position;
    this.liveSegment.restart(cursor);
    this.#position = this.liveSegment.end;
    this.#cursor = cursor;
    this.#retentionWatch.restart(this.#position, cursor);
    for (const subscriber of this.#subscribers) {
      subscriber.cutOff(before, position);
    }
  }

  #handOut(): void {
    if (!this.#isDue) return;
    this.#isDue = false;
    const frames = this.#frames;
    const before = this.#cursor;
    this.#frames = [];
    this.#position = this.liveSegment.end;
    this.#cursor = this.liveSegment.endCursor;
    if (this.size === 0) return;
    if (frames.length > 0) {
      this.groupIndex.handOut(new Broadcast(frames, before, this.#position));
    }
    this.#resume();
    this.#retentionWatch.move(this.#position, this.#cursor);
    // Whatever else this turn brings, one `await` after the other, is handed out
    // at its end: writing a chunk costs far more than joining it to another.
    if (frames.length > 0 && this.size > 0) {
      this.#collectTimer ??= setTimeout(() => this.#endCollecting(), 0);
    }
  }

  async #isKept(cursor: string): Promise<boolean> {
    const isNeeded = (): boolean => this.size > 0;
    // Not for what comes after it, of which an engine may fetch a segment.
    const batch = await this.reader.read(cursor, { limit: 1 }, isNeeded);
    // Where the log does not answer, there is nothing to tell.
    return batch?.gap !== true;
  }

  #endCollecting(): void {
    clearTimeout(this.#collectTimer);
    this.#collectTimer = undefined;
    this.#handOut();
  }

  /** Has those look again who have found nothing, and lets others in if they are many. */
  #resume(): void {
    const idle = this.#idle;
    const end = performance.now() + MAX_BUSY;
    this.#idle = [];
    for (const [index, subscriber] of idle.entries()) {
      if (performance.now() > end) {
        this.#idle.unshift(...idle.slice(index));
        this.#resumeTimer ??= setTimeout(() => {
          this.#resumeTimer = undefined;
          this.#resume();
        }, 0);
        return;
      }
      subscriber.resume();
    }
  }
}
