// Copyright 2026 the Tidings authors. MIT license.

/**
 * One client of a channel: a cursor into the log, and a sink that has room or not.
 *
 * @module
 */

import type { SubscriberOptions } from "./subscriber_options.ts";
import { CompressedSink, type GroupChunk } from "./compressed_sink.ts";
import { ChunkJoiner } from "./chunk_joiner.ts";
import type { Broadcaster, ChannelSubscriber } from "./broadcaster.ts";
import {
  type DescribeGap,
  type GapNotice,
  makeGapNotice,
} from "./gap_notice.ts";
import type { Group, GroupMember } from "./group.ts";
import type { CatchUpChunk } from "./catch_up_chunks.ts";
import type { SegmentLocation } from "./segment.ts";
import type { SubscriberState } from "./subscriber_state.ts";
import type { Broadcast, Chunk } from "./broadcast.ts";
import type { Waiter } from "./cursor_queue.ts";
import { KEEP_ALIVE_COMMENT } from "../_server/keep_alive.ts";
import { type Lifetime, watchLifetime } from "../_server/lifetime.ts";
import type { Sink, SinkOwner } from "../_server/sink.ts";
import { encodeEvent } from "../encoder.ts";
import type { CloseReason } from "../server.ts";

/**
 * What writes to one client. It holds no events: while it is live it is handed its
 * group's chunk of each broadcast, and otherwise it takes what comes after its cursor from
 * the segment, or from the history where the segment does not reach back that far.
 */
export class Subscriber
  implements ChannelSubscriber, GroupMember, Waiter, SinkOwner {
  readonly #broadcaster: Broadcaster;
  readonly #group: Group;
  readonly #onClose: ((reason: CloseReason) => void) | undefined;
  readonly #describeGap: DescribeGap;
  /** The sink, if the client gets its stream compressed. */
  readonly #compressed: CompressedSink | undefined;
  /** Ends the watch over the lifetime, where there is one. */
  #release: (() => void) | undefined;
  /** What the client asked for; cleared, for the memory, once it has its location. */
  #startOptions: SubscriberOptions | undefined;
  // `connect` sets it before all else.
  #sink!: Sink;
  #state: SubscriberState = "blocked";
  /** Whether the client has begun to read. */
  #hasBegun = false;
  /**
   * The place up to which the client was given everything of its own; `undefined` until
   * there is one. It stands still while the client is live.
   */
  #cursor: string | undefined;
  /**
   * Whether the client would come back with another ID than its location: it is new, or
   * the latest event was not for it. It is told its place when it goes live, so that it
   * resumes there if it drops before any event.
   */
  #isUntold = true;
  /**
   * The position of the ID with which the client would come back, while it is live.
   * Where that falls behind, a comment tells it a newer one before the history moves
   * past it.
   */
  #toldPosition = 0;
  /**
   * Whether the log has gone on elsewhere than at the end, where the client was. Then
   * it did not fall behind, and stays if events are missing. Cleared with its next location.
   */
  #isCutOff = false;
  /** The round of keep-alive in which something was sent last, or the client came. */
  #lastWriteTick: number;

  /**
   * @param broadcaster What the client belongs to, from now on.
   * @param options What is known of the client.
   */
  constructor(broadcaster: Broadcaster, options: SubscriberOptions) {
    const { lastEventId, replay, interest, compression } = options;
    this.#broadcaster = broadcaster;
    this.#onClose = options.onClose;
    this.#describeGap = options.describeGap;
    this.#startOptions = options;
    this.#cursor = lastEventId;
    this.#group = broadcaster.groupIndex.join(interest, this);
    if (compression !== undefined) {
      this.#group.openWindow(compression);
      this.#compressed = new CompressedSink(compression, broadcaster.counters);
    }
    broadcaster.add(this);
    this.#lastWriteTick = broadcaster.keepAliveTick;
    const { endCursor } = broadcaster;
    const isNew = lastEventId === undefined && replay === 0;
    // The end as it is now, even if the stream is not read before later.
    if (isNew && endCursor !== undefined) this.#begin(endCursor);
  }

  /** Whether the client is one no more. */
  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Whether the client takes what is handed out. */
  get isLive(): boolean {
    return this.#state === "live";
  }

  /** Called with the sink, when the response is made. */
  connect(sink: Sink): void {
    this.#sink = this.#compressed?.connect(sink) ?? sink;
  }

  /** Ends the stream early. Called once, when the stream is made. */
  limit(lifetime: Lifetime): void {
    this.#release = watchLifetime(lifetime, (reason) => this.end(reason));
  }

  /** Called by the sink when it has room. */
  handleRoom(): void {
    if (this.isClosed) return;
    const { preamble } = this.#broadcaster;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      if (preamble !== undefined) this.#write(preamble, 0);
    }
    if (this.#state === "blocked") this.#advance();
  }

  /** Called by the sink when the client has left. */
  handleDeparture(): void {
    if (this.#close()) this.#leave("client");
  }

  /** Takes what a turn brought for its group, and ends if that is the end of it. */
  take(
    { bytes, events, end }: Chunk,
    broadcast: Broadcast,
    isFinal: boolean,
    shared: GroupChunk | undefined,
  ): void {
    if (!this.#sink.hasRoom) {
      this.fallBehind(broadcast.before, broadcast.begin);
      return;
    }
    this.#toldPosition = end;
    if (bytes !== undefined) this.#write(bytes, events, shared);
    if (isFinal) this.end("source");
  }

  /** Takes a comment that those of its group take who have their streams compressed. */
  shareComment(comment: GroupChunk, position: number | undefined): void {
    if (!this.isLive || !this.#compressed?.hasRoom) return;
    this.#toldPosition = position ?? this.#toldPosition;
    this.#write(comment.bytes, 0, comment);
  }

  /** Lets a live client go on from the place where it was live. */
  fallBehind(cursor: string, position: number): void {
    if (this.#state !== "live") return;
    this.#cursor = cursor;
    this.#isUntold = this.#toldPosition !== position;
    this.#advance();
  }

  /** As {@linkcode Subscriber.fallBehind}, since the log goes on elsewhere. */
  cutOff(cursor: string, position: number): void {
    this.#isCutOff ||= this.isLive || this.#state === "idle";
    this.fallBehind(cursor, position);
  }

  /** Called when there may be something for a client that has found nothing. */
  resume(): void {
    if (this.#state === "idle") this.#advance();
  }

  /** Goes on from a place in the catchUp. */
  continueAt(location: SegmentLocation, gap: boolean): void {
    if (gap) this.#crossGap(location);
    else if (this.#sink.hasRoom) this.#enter(location);
    else this.#state = "blocked";
  }

  /**
   * Called twice in each keep-alive time: sends a comment if nothing was sent since
   * the call before the last.
   */
  keepAlive(): void {
    if (this.#broadcaster.keepAliveTick - this.#lastWriteTick < 2) return;
    const isTold = this.tell(this.#broadcaster.position);
    if (!isTold && this.#sink.hasRoom) this.#comment(KEEP_ALIVE_COMMENT);
  }

  /**
   * Sends the client its place with a comment, if it is live, has room, and would come
   * back with one before a position.
   */
  tell(position: number): boolean {
    const knows = !this.isLive || this.#toldPosition >= position;
    if (knows || !this.#sink.hasRoom) return false;
    const { position: latest, cursor } = this.#broadcaster;
    this.#comment(encodeEvent({ comment: "", id: cursor }), latest);
    return true;
  }

  /** Ends the stream after what waits in it and a last chunk, if there is one. */
  end(reason: CloseReason, chunk?: Uint8Array<ArrayBuffer>): void {
    if (!this.#close()) return;
    if (chunk !== undefined) this.#write(chunk, 0);
    this.#sink.end();
    this.#leave(reason);
  }

  /** Ends the stream since something has thrown that is not the client's. */
  fail(error: unknown): void {
    if (!this.#close()) return;
    const { onError } = this.#broadcaster;
    if (onError === undefined) this.#sink.fail(error);
    else this.#sink.end();
    this.#leave("error");
    onError?.(error);
  }

  /**
   * Writes what comes next, as long as there is room. After that, the state says what is
   * waited for.
   *
   * @param place Where to go on first, be there room or not.
   */
  #advance(location?: SegmentLocation): void {
    const joiner = new ChunkJoiner((bytes, events) =>
      this.#write(bytes, events)
    );
    location ??= this.#findNext(joiner);
    while (location !== undefined) {
      this.#give(location, joiner);
      location = this.#findNext(joiner);
    }
    if (!this.isClosed) joiner.flush();
  }

  /** The next place after which there is something; if none, the state says why. */
  #findNext(joiner: ChunkJoiner): SegmentLocation | undefined {
    if (this.isClosed) return undefined;
    // What is drafted is written in any case, and more can go with it.
    const hasRoom = this.#sink.hasRoom || !joiner.isEmpty;
    this.#state = hasRoom ? "reading" : "blocked";
    if (!hasRoom) return undefined;
    const cursor = this.#cursor ?? this.#findStart();
    if (cursor === undefined) return undefined;
    const location = this.#broadcaster.locate(
      cursor,
      this.#startOptions !== undefined,
    );
    if (location === undefined) {
      this.#seek(cursor);
      return undefined;
    }
    this.#startOptions = undefined;
    if (location.position < this.#endOf(location)) return location;
    this.#reachEnd(cursor, location.position, joiner);
    return undefined;
  }

  /** How far the client may go on from a location. */
  #endOf({ segment }: SegmentLocation): number {
    return segment === this.#broadcaster.liveSegment
      ? this.#broadcaster.position
      : segment.end;
  }

  /** The first place of a client that brings no ID, `undefined` if that takes time. */
  #findStart(): string | undefined {
    // What the client asked for is not cleared before it has its location.
    const { replay } = this.#startOptions!;
    // A client that came before the log was followed begins where that began.
    const { startCursor } = this.#broadcaster;
    if (replay > 0) {
      this.#rewind(replay);
      return undefined;
    }
    if (startCursor === undefined) this.#idle();
    else this.#begin(startCursor);
    return startCursor;
  }

  /** Gives the client the place from which it is owed every event. */
  #begin(cursor: string): void {
    this.#cursor = cursor;
    this.#startOptions = undefined;
    this.#isCutOff = false;
  }

  async #rewind(count: number): Promise<void> {
    this.#cursor = await this.#broadcaster.rewind(count, () => !this.isClosed);
    if (this.#cursor !== undefined) this.#advance();
  }

  /** Waits for the log to be read from a cursor. */
  #seek(cursor: string): void {
    // Most of those who come back after a restart will find their place in the segment.
    if (this.#broadcaster.isFilling) this.#idle();
    else this.#broadcaster.catchUp.wait(cursor, this);
  }

  #idle(): void {
    this.#state = "idle";
    this.#broadcaster.idle(this);
  }

  /** The client is where the segment ends, or where it was last handed out. */
  #reachEnd(cursor: string, position: number, joiner: ChunkJoiner): void {
    if (this.#isUntold) {
      this.#isUntold = false;
      joiner.add(encodeEvent({ id: cursor }), 0);
    }
    if (position === this.#broadcaster.position) {
      this.#state = "live";
      this.#toldPosition = position;
    } else {
      this.#idle();
    }
  }

  /** Tells the client that events before a place may be missing, and goes on there. */
  #crossGap(location: SegmentLocation): void {
    const options = this.#startOptions;
    if (options === undefined && !this.#isCutOff) {
      this.#broadcaster.counters.overflows++;
      this.end("overflow");
      return;
    }
    const lastEventId = options ? options.lastEventId : this.#cursor;
    if (lastEventId === undefined) return this.#enter(location);
    let notice: GapNotice | Promise<GapNotice>;
    try {
      notice = makeGapNotice(this.#describeGap, lastEventId);
    } catch (error) {
      return this.fail(error);
    }
    if (!(notice instanceof Promise)) return this.#tellGap(notice, location);
    notice.then(
      (notice) => this.#tellGap(notice, location),
      (error) => this.fail(error),
    );
  }

  #tellGap(notice: GapNotice, location: SegmentLocation): void {
    if (this.isClosed) return;
    this.#broadcaster.counters.gaps++;
    if (notice !== undefined) this.#write(notice, 0);
    // It would come back with an ID that the log does not have.
    this.#isUntold = true;
    this.#enter(location);
  }

  /** Goes on from a place in the history, be there room or not. */
  #enter(location: SegmentLocation): void {
    const { segment, position } = location;
    if (position < segment.end) return this.#advance(location);
    this.#begin(segment.endCursor);
    // The log may be ahead of its follower, which will come to this location.
    if (this.#broadcaster.locate(segment.endCursor) === undefined) this.#idle();
    else this.#advance();
  }

  /** Drafts what comes after a location, as much as a chunk has. */
  #give(location: SegmentLocation, joiner: ChunkJoiner): void {
    const { catchUpChunks } = this.#broadcaster;
    let chunk: CatchUpChunk;
    try {
      chunk = catchUpChunks.take(this.#group, location, this.#endOf(location));
    } catch (error) {
      joiner.flush();
      this.fail(error);
      return;
    }
    // It is a position of the segment, and not its first.
    this.#begin(location.segment.cursorOf(chunk.end)!);
    this.#isUntold = !chunk.isLast;
    if (chunk.bytes !== undefined) joiner.add(chunk.bytes, chunk.events);
    if (!chunk.isFinal) return;
    joiner.flush();
    this.end("source");
  }

  /** Sends a comment, which may tell the place of a position. */
  #comment(comment: Uint8Array<ArrayBuffer>, position?: number): void {
    if (this.isLive && this.#compressed !== undefined) {
      this.#group.comment(comment, position);
    } else {
      this.#toldPosition = position ?? this.#toldPosition;
      this.#write(comment, 0);
    }
  }

  /** Writes a chunk, which may be one that the others of the group get as well. */
  #write(
    chunk: Uint8Array<ArrayBuffer>,
    events: number,
    shared?: GroupChunk,
  ): void {
    const { counters, keepAliveTick } = this.#broadcaster;
    counters.delivered += events;
    this.#lastWriteTick = keepAliveTick;
    if (this.#compressed === undefined) {
      counters.bytes += chunk.byteLength;
      this.#sink.write(chunk);
    } else if (shared !== undefined) {
      this.#compressed.writeShared(shared);
    } else {
      this.#compressed.write(chunk);
    }
  }

  /**
   * Closes the client, unless it is closed. That comes before all else: what is written
   * last may make room, in which nothing is to be written any more.
   */
  #close(): boolean {
    if (this.isClosed) return false;
    this.#state = "closed";
    return true;
  }

  #leave(reason: CloseReason): void {
    this.#release?.();
    this.#broadcaster.groupIndex.leave(this.#group, this);
    this.#broadcaster.remove(this);
    this.#onClose?.(reason);
  }
}
