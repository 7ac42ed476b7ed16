// Copyright 2026 the Tidings authors. MIT license.

/**
 * Hands what comes from a channel's log to the channel's subscribers: it collects the
 * frames of each event loop turn, and gives each group its chunk. `EventChannel` makes
 * one.
 *
 * @module
 */

import { GroupIndex } from "./group_index.ts";
import { CatchUp } from "./catch_up.ts";
import { ReplaySearch } from "./replay_search.ts";
import { RetentionWatch } from "./retention_watch.ts";
import { CatchUpChunks } from "./catch_up_chunks.ts";
import { Conflation } from "./conflation.ts";
import {
  LogFeed,
  type LogFeedListener,
  type LogFeedOptions,
} from "./log_feed.ts";
import type { ChannelErrors } from "./channel_errors.ts";
import type { Waiter } from "./cursor_queue.ts";
import { Disconnections } from "./disconnections.ts";
import type { Frame, SegmentLocation } from "./segment.ts";
import type { TopicSetHome } from "./topic_set.ts";
import type { TopicBounds } from "./topics.ts";
import { SnapshotLoads } from "./snapshot_load.ts";
import { SlicedQueue } from "./sliced_queue.ts";
import { FirstBytes } from "./first_bytes.ts";
import { KeepAliveSchedule } from "./keep_alive_schedule.ts";
import { Broadcast } from "./broadcast.ts";
import { drawReconnectionTime } from "./reconnection_time.ts";
import { DEFAULT_RETRY_AFTER } from "../_server/refuse.ts";
import type {
  StreamCounters,
  StreamTally,
} from "../_server/stream_counters.ts";
import { encodeEvent } from "../encoder.ts";
import type { CloseReason } from "../server.ts";

/** The options of a broadcaster, checked and with the defaults filled in. */
export interface BroadcasterOptions extends LogFeedOptions {
  /** Counts what the streams do. */
  tally: StreamTally;
  /** The most topics of a subscriber. */
  maxTopicsPerSubscriber: number;
  /** UTF-16 code units of a topic. */
  maxTopicLength: number;
  /** Milliseconds without a write after which a comment is sent, 0 for never. */
  keepAlive: number;
  /** The reconnection time, which each client is sent first. */
  retry?: number | undefined;
}

/** The least events between two questions to a remote log about what it still has. */
const MIN_ASKING_STEP = 32;

/** The end of the streams of some topics, between two frames of a broadcast. */
interface Cut {
  /** How many frames come before it, that of the entry included. */
  readonly end: number;
  /** The ID of the entry that ends the streams. */
  readonly id: string;
  /** The topics whose streams end. */
  readonly topics: readonly string[];
  /** The number of the last stream that was open when the entry was appended. */
  readonly last: number;
}

/** A subscriber, as the broadcaster sees it. */
export interface ChannelSubscriber {
  /** Whether it takes broadcasts. */
  readonly isLive: boolean;
  /** Looks again for something to read. Called while it is idle. */
  resume(): void;
  /** Takes no more broadcasts, and reads on from a position. */
  fallBehind(cursor: string, position: number): void;
  /** Reads on from a position, since the log continues elsewhere. */
  cutOff(cursor: string, position: number): void;
  /** Sends a comment if nothing was sent for a while, or ever. */
  keepAlive(): void;
  /** Sends the newest cursor, if the client knows none at or after a position. */
  tell(position: number): void;
  /** Ends the stream, after a last chunk if one is given. */
  end(reason: CloseReason, chunk?: Uint8Array<ArrayBuffer>): void;
}

/**
 * Hands out each event loop turn's frames as one broadcast, and has idle subscribers look
 * again after it.
 */
export class Broadcaster implements LogFeedListener, TopicSetHome {
  readonly feed: LogFeed;
  readonly catchUp: CatchUp;
  readonly snapshots: SnapshotLoads;
  readonly replaySearch: ReplaySearch;
  readonly groupIndex = new GroupIndex();
  readonly catchUpChunks: CatchUpChunks;
  readonly errors: ChannelErrors;
  /** The limits of the topics of a subscriber. */
  readonly bounds: TopicBounds;
  /** What each client is sent before everything else. */
  readonly preamble: Uint8Array<ArrayBuffer> | undefined;
  readonly tally: StreamTally;
  readonly #subscribers: KeepAliveSchedule<ChannelSubscriber>;
  readonly #firstBytes = new FirstBytes<ChannelSubscriber>((subscriber) =>
    subscriber.keepAlive()
  );
  /** Subscribers that have nothing to read. They look again after each broadcast. */
  readonly #idle = new SlicedQueue<ChannelSubscriber>((subscriber) =>
    subscriber.resume()
  );
  readonly #disconnections = new Disconnections();
  readonly #retentionWatch: RetentionWatch;
  readonly #retry: number | undefined;
  /** The end of the last broadcast: its position in the live segment, and its cursor. */
  #position = 0;
  #cursor = "";
  /** Frames that the next broadcast hands out. */
  #frames: Frame[] = [];
  /** The streams that end between them. */
  #cuts: Cut[] = [];
  /**
   * Whether a broadcast is due. It may be without frames: then idle subscribers learn
   * that the log has been followed up to its end.
   */
  #isDue = false;
  /** Set while frames are handed out: an `onClose` that is called then may close the channel. */
  #isHandingOut = false;
  /**
   * Runs from a broadcast to the end of the event loop turn. Frames are collected
   * meanwhile.
   */
  #collectTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: BroadcasterOptions, errors: ChannelErrors) {
    const { log, keepAlive, retry } = options;
    this.#retry = retry;
    const { maxTopicsPerSubscriber: maxTopics, maxTopicLength } = options;
    this.bounds = { maxTopics, maxTopicLength };
    this.errors = errors;
    this.tally = options.tally;
    this.feed = new LogFeed(options, errors, this);
    const { reader, makeFrame } = this.feed;
    this.catchUp = new CatchUp(
      log,
      reader,
      makeFrame,
      (segment) => conflation.lookAhead(segment),
    );
    const conflation = new Conflation(this.feed, this.catchUp);
    this.catchUpChunks = new CatchUpChunks(conflation);
    this.snapshots = new SnapshotLoads(this.feed);
    this.replaySearch = new ReplaySearch(this.feed);
    this.preamble = retry === undefined ? undefined : encodeEvent({ retry });
    this.#subscribers = new KeepAliveSchedule(
      keepAlive,
      (subscriber) => subscriber.keepAlive(),
    );
    this.#retentionWatch = new RetentionWatch(
      this.feed.isNear ? 1 : MIN_ASKING_STEP,
      (cursor) => this.feed.isKept(cursor, () => this.size > 0),
      (position) =>
        this.#subscribers.visitAll((subscriber) => subscriber.tell(position)),
    );
  }

  /** How many subscribers there are. */
  get size(): number {
    return this.#subscribers.size;
  }

  /** Gives the counters, with the numbers of subscribers that are live or behind. */
  readCounters(): StreamCounters {
    const { size } = this;
    let behind = 0;
    for (const subscriber of this.#subscribers) {
      if (!subscriber.isLive && !this.#idle.has(subscriber)) behind++;
    }
    const sinceLogFailure = this.feed.sinceFailure;
    return this.tally.read({
      size,
      live: size - behind,
      behind,
      sinceLogFailure,
    });
  }

  /** The position after the last broadcast. */
  get position(): number {
    return this.#position;
  }

  /** The cursor of {@linkcode Broadcaster.position}. */
  get cursor(): string {
    return this.#cursor;
  }

  /** As {@linkcode LogFeed.whenFollowed}. */
  whenFollowed(): Promise<string | undefined> {
    return this.feed.whenFollowed();
  }

  /** Adds a subscriber, and returns the number of its stream. */
  add(subscriber: ChannelSubscriber): number {
    this.#subscribers.add(subscriber);
    this.tally.opened++;
    return this.#disconnections.open();
  }

  /** Notes that an entry of this process which ends streams is in the log. */
  noteDisconnection(id: string): void {
    const { liveSegment } = this.feed;
    const isKept = this.#disconnections.noteAppended(id, liveSegment);
    if (!isKept) this.errors.tellUnkept(id);
  }

  /** Notes that a subscriber has nothing to send to its client, which begins to read. */
  begin(subscriber: ChannelSubscriber): void {
    this.#firstBytes.add(subscriber);
  }

  /** Removes a subscriber that is closed. */
  remove(subscriber: ChannelSubscriber): void {
    this.#subscribers.remove(subscriber);
    if (this.#subscribers.size > 0) return;
    this.#idle.clear();
    this.#firstBytes.clear();
    this.#endCollecting();
    // A log that knows at once what it has is quick to read again, so nothing is kept.
    if (this.feed.isNear) this.catchUp.clear();
    else this.catchUp.rest();
    this.catchUpChunks.clear();
    this.replaySearch.clear();
    this.snapshots.clear();
    this.feed.reader.wake();
  }

  /**
   * Finds where in memory a subscriber continues.
   *
   * @param isNew Whether the subscriber has just come. Then it continues no further back
   * than the log's retention, even if memory holds more.
   * @returns The location; `undefined` if the log has to be read.
   */
  locate(cursor: string, isNew = false): SegmentLocation | undefined {
    if (isNew && this.feed.reaches(cursor) === false) return undefined;
    const { liveSegment } = this.feed;
    // A newcomer would otherwise be live when these frames are handed out. It would get all
    // events of a conflation key, and not the newest alone.
    const isDue = liveSegment.keyedEnd > this.#position;
    if (isNew && isDue && !this.#isHandingOut) this.#handOut();
    return liveSegment.locate(cursor) ?? this.catchUp.find(cursor);
  }

  /** Makes a subscriber wait until the log is read after its cursor. */
  waitForLog(cursor: string, subscriber: Waiter): void {
    this.tally.catchUps++;
    this.catchUp.wait(cursor, subscriber);
  }

  /** Makes the last chunk of a client that is to come back, each at its own time. */
  makeDelay(): Uint8Array<ArrayBuffer> {
    const retry = this.#retry ?? DEFAULT_RETRY_AFTER;
    return encodeEvent({ retry: drawReconnectionTime(retry) });
  }

  /** How far a subscriber may read in the segment of a location. */
  endOf({ segment }: SegmentLocation): number {
    return segment === this.feed.liveSegment ? this.#position : segment.end;
  }

  /**
   * Notes that a subscriber has nothing to read, so that it looks again after the next
   * broadcast.
   */
  idle(subscriber: ChannelSubscriber): void {
    this.#idle.add(subscriber);
  }

  /**
   * Hands out what is due, ends all streams, each with a last chunk of its own, and stops
   * following.
   */
  async stop(
    makeFarewell: () => Uint8Array<ArrayBuffer> | undefined,
  ): Promise<void> {
    this.#handOut();
    for (const subscriber of this.#subscribers) {
      subscriber.end("server", makeFarewell());
    }
    this.catchUp.clear();
    await this.feed.stop();
  }

  /** Called by the feed: has the frames handed out with others of this event loop turn. */
  handleFrames(frames: readonly Frame[]): void {
    for (const frame of frames) {
      this.#frames.push(frame);
      const { event: { id }, ends } = frame;
      if (ends === undefined && !this.#disconnections.has(id)) continue;
      const last = this.#disconnections.take(id);
      const end = this.#frames.length;
      if (ends === undefined) this.errors.tellUnkept(id);
      else this.#cuts.push({ end, id, topics: ends, last });
    }
    if (this.#isDue) return;
    this.#isDue = true;
    if (this.#collectTimer === undefined) queueMicrotask(() => this.#handOut());
  }

  /** Called by the feed before the log continues elsewhere. */
  handleCut(): void {
    this.#handOut();
  }

  /**
   * Called by the feed when the log continues elsewhere. Each subscriber finds out for
   * itself what it has missed.
   */
  handleRestart(cursor: string): void {
    const before = this.#cursor;
    const position = this.#position;
    this.#position = this.feed.liveSegment.end;
    this.#cursor = cursor;
    this.#retentionWatch.restart(this.#position, cursor);
    for (const subscriber of this.#subscribers) {
      subscriber.cutOff(before, position);
    }
  }

  /** Called by the feed when it has filled the live segment. */
  handleFilled(): void {
    this.#idle.run();
  }

  #handOut(): void {
    if (!this.#isDue || this.#isHandingOut) return;
    this.#isDue = false;
    this.#isHandingOut = true;
    const frames = this.#frames;
    this.#frames = [];
    // An `onClose` that is called here may publish. Those frames are for the next broadcast.
    const { end, endCursor } = this.feed.liveSegment;
    try {
      const rest = this.#cuts.length === 0 ? frames : this.#handOutCuts(frames);
      this.#broadcast(rest, end, endCursor);
      if (this.size > 0) this.#idle.run();
    } finally {
      this.#isHandingOut = false;
    }
    if (this.size === 0) return;
    this.#retentionWatch.move(this.#position, this.#cursor);
    // Further events of this event loop turn, which come one `await` after the
    // other, are handed out together at its end: a write costs far more than joining a
    // chunk to another.
    if (frames.length > 0 && this.size > 0) {
      this.#collectTimer ??= setTimeout(() => this.#endCollecting(), 0);
    }
  }

  /** Hands out the frames before the last cut, ends the streams, and returns the rest. */
  #handOutCuts(frames: readonly Frame[]): readonly Frame[] {
    const cuts = this.#cuts;
    this.#cuts = [];
    let begin = 0;
    for (const { end, id, topics, last } of cuts) {
      const position = this.#position + end - begin;
      this.#broadcast(frames.slice(begin, end), position, id);
      begin = end;
      for (const member of this.groupIndex.findMembers(topics)) {
        if (member.number <= last) member.disconnect(id);
      }
    }
    return frames.slice(begin);
  }

  #broadcast(
    frames: readonly Frame[],
    position: number,
    cursor: string,
  ): void {
    const before = this.#cursor;
    this.#position = position;
    this.#cursor = cursor;
    if (frames.length === 0 || this.size === 0) return;
    this.groupIndex.handOut(new Broadcast(frames, before, position));
  }

  #endCollecting(): void {
    clearTimeout(this.#collectTimer);
    this.#collectTimer = undefined;
    this.#handOut();
  }
}
