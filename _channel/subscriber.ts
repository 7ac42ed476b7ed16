// Copyright 2026 the Tidings authors. MIT license.

/**
 * One subscriber of a channel: a cursor into the log, a sink that has room or not, and a
 * state. `EventChannel.serve` makes one for each response.
 *
 * @module
 */

import type { Broadcast, Chunk } from "./broadcast.ts";
import type { Broadcaster } from "./broadcaster.ts";
import type { CatchUpChunk } from "./catch_up_chunks.ts";
import { ChunkJoiner } from "./chunk_joiner.ts";
import { encodeCursor } from "./encode_cursor.ts";
import type { GroupChunk } from "./compressed_sink.ts";
import { type DescribeGap, makeGapNotice } from "./gap_notice.ts";
import type { Choice, Group } from "./group.ts";
import { KnownId } from "./known_id.ts";
import type { SegmentLocation } from "./segment.ts";
import type { Snapshot } from "./snapshot_load.ts";
import { SubscriberComments } from "./subscriber_comments.ts";
import { SubscriberEnd } from "./subscriber_end.ts";
import type { SubscriberOptions } from "./subscriber_options.ts";
import { SubscriberOutput } from "./subscriber_output.ts";
import type { SubscriberRoles } from "./subscriber_roles.ts";
import { SubscriberSnapshot } from "./subscriber_snapshot.ts";
import type { SubscriberState } from "./subscriber_state.ts";
import type { SubscriberWatchOptions } from "./subscriber_watch.ts";
import type { Sink } from "../_server/sink.ts";
import { encodeEvent } from "../encoder.ts";
import type { CloseReason } from "../server.ts";

/**
 * Writes events to one client. It holds no events, so a slow client costs no more than
 * its cursor. While it is live, it is handed its group's chunk of each broadcast.
 * Otherwise it pulls from segments what comes after its cursor, as its sink has room.
 */
export class Subscriber implements SubscriberRoles {
  /** The number of its stream, which grows with each that opens. */
  readonly number: number;
  readonly #broadcaster: Broadcaster;
  readonly #group: Group;
  readonly #describeGap: DescribeGap;
  /** What the client begins with, if that is the state and not the next event. */
  readonly #snapshot: SubscriberSnapshot | undefined;
  readonly #output: SubscriberOutput;
  readonly #comments: SubscriberComments;
  readonly #end: SubscriberEnd;
  /** Cleared, to free the memory, once the first position is known. */
  #startOptions: SubscriberOptions | undefined;
  #state: SubscriberState = "blocked";
  /**
   * The cursor up to which everything was given; `undefined` until it is known. It does
   * not move while the subscriber is live.
   */
  #cursor: string | undefined;
  /**
   * The ID with which the client would come back. It is sent its cursor before it goes
   * live, and newer ones in comments before the log's retention passes what it knows.
   */
  readonly #knownId = new KnownId();
  /** Whether the log has continued elsewhere while it was at its end. It stays then. */
  #isCutOff = false;

  /**
   * @param broadcaster The broadcaster of the channel, which the subscriber joins.
   * @param options What the client asked for.
   */
  constructor(broadcaster: Broadcaster, options: SubscriberOptions) {
    const { lastEventId, replay, interest, compression, snapshot } = options;
    this.#broadcaster = broadcaster;
    this.#describeGap = options.describeGap;
    this.#startOptions = options;
    this.#cursor = lastEventId;
    this.#group = broadcaster.groupIndex.join(interest, this);
    this.#end = new SubscriberEnd(broadcaster, this.#group, options.onClose);
    if (compression !== undefined) this.#group.openWindow(compression);
    this.#output = new SubscriberOutput(broadcaster, compression);
    this.#comments = new SubscriberComments(
      broadcaster,
      this.#group,
      this.#output,
      this.#knownId,
    );
    this.#snapshot = snapshot &&
      new SubscriberSnapshot(broadcaster, snapshot, this);
    this.number = broadcaster.add(this);
    const { endCursor } = broadcaster.feed;
    const isNew = lastEventId === undefined && replay === 0 && !snapshot;
    // The end at this moment, even if the client begins to read later.
    if (isNew && endCursor !== undefined) this.#begin(endCursor);
  }

  /** Whether the stream has ended. */
  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Whether it takes broadcasts. */
  get isLive(): boolean {
    return this.#state === "live";
  }

  /** Called with the sink, when the response is made. */
  connect(sink: Sink): void {
    this.#output.connect(sink);
  }

  /** Begins to watch for its end from outside. Called once, with the response. */
  watch(request: Request, options: SubscriberWatchOptions): void {
    this.#end.watch(request, options, this);
  }

  /** Called by the sink when it has room. */
  handleRoom(): void {
    if (this.isClosed) return;
    this.#end.begin();
    const isFirst = this.#output.begin();
    if (this.#state === "blocked") this.#advance();
    if (isFirst && !this.#output.hasWritten) this.#broadcaster.begin(this);
  }

  /** Called by the sink when the client has left. */
  handleDeparture(): void {
    if (this.#close()) this.#leave("client");
  }

  /** Takes a chunk of a broadcast, and ends if it holds the last event. */
  take(
    { bytes, events, end }: Chunk,
    { before, begin }: Broadcast,
    { isFinal, unsentId }: Omit<Choice<number>, "items">,
    shared: GroupChunk | undefined,
  ): void {
    if (!this.#output.hasRoom) return this.fallBehind(before, begin);
    this.#knownId.moveTo(end);
    if (bytes !== undefined) this.#output.write(bytes, events, shared);
    if (isFinal) this.end("source", unsentId);
  }

  /** Takes a comment together with the other compressed streams of the group. */
  shareComment(comment: GroupChunk, position: number | undefined): void {
    if (this.isLive) this.#comments.share(comment, position);
  }

  /** Has a live subscriber read on from a position. */
  fallBehind(cursor: string, position: number): void {
    if (this.#state !== "live") return;
    this.#cursor = cursor;
    this.#knownId.fallBehind(position);
    this.#advance();
  }

  /** As {@linkcode Subscriber.fallBehind}, since the log continues elsewhere. */
  cutOff(cursor: string, position: number): void {
    this.#isCutOff ||= this.isLive || this.#state === "idle";
    this.fallBehind(cursor, position);
  }

  /** Looks again for something to read, if it is idle. */
  resume(): void {
    if (this.#state === "idle") this.#advance();
  }

  /** Begins after the cursor that was found for its `replay`. */
  startAt(cursor: string): void {
    this.#cursor = cursor;
    this.#advance();
  }

  /** Continues from a location that was read from the log. */
  continueAt(location: SegmentLocation, gap: boolean): void {
    if (gap) this.#crossGap(location);
    else if (this.#output.hasRoom) this.#enter(location);
    else this.#state = "blocked";
  }

  /**
   * Called twice in each keep-alive time, and for the first byte. Sends a comment if
   * nothing was sent since the last call.
   */
  keepAlive(): void {
    this.#comments.keepAlive(this.isLive);
  }

  /**
   * Sends the newest cursor in a comment, if the subscriber is live, has room, and the
   * client would come back with a cursor before a position.
   */
  tell(position: number): void {
    this.#comments.tell(this.isLive, position);
  }

  /** Takes a snapshot, which ends with its cursor, and goes on there. */
  takeSnapshot({ cursor, bytes, events }: Snapshot): void {
    this.#output.write(bytes, events);
    this.#begin(cursor);
    this.#knownId.setIsCursor(true);
    this.#advance();
  }

  /** Ends the stream after what it still holds, and after a last chunk or ID, if given. */
  end(reason: CloseReason, last?: Uint8Array<ArrayBuffer> | string): void {
    if (!this.#close()) return;
    const chunk = typeof last === "string" ? encodeEvent({ id: last }) : last;
    if (chunk !== undefined) this.#output.write(chunk, 0);
    this.#output.end();
    this.#leave(reason);
  }

  /**
   * Ends the stream because of an entry of the log that ends those of a topic. The client
   * gets the ID of the entry if it has everything before it, and otherwise its own cursor.
   */
  disconnect(id: string): void {
    const isKnown = this.#startOptions !== undefined || this.#knownId.isCursor;
    const last = this.isLive ? id : isKnown ? "" : this.#cursor;
    // An unknown cursor is "": the client then keeps the ID that it has.
    this.end("disconnected", last || undefined);
  }

  /** Ends the stream because of an error that the client has not caused. */
  fail(error: unknown): void {
    if (!this.#close()) return;
    const { errors } = this.#broadcaster;
    if (errors.hasHandler) this.#output.end();
    else this.#output.fail(error);
    this.#leave("error");
    errors.tellClient(error);
  }

  /**
   * Writes what comes next, as long as there is room. The state then says what has to
   * happen before the next call.
   *
   * @param location Where to begin, whether there is room or not.
   */
  #advance(location?: SegmentLocation): void {
    const joiner = new ChunkJoiner(this.#output);
    location ??= this.#findNext(joiner);
    while (location !== undefined) {
      this.#give(location, joiner);
      location = this.#findNext(joiner);
    }
    if (!this.isClosed) joiner.flush();
  }

  /**
   * Finds the next location with something to read; if there is none, the state says why.
   */
  #findNext(joiner: ChunkJoiner): SegmentLocation | undefined {
    if (this.isClosed) return undefined;
    // What is in the joiner is written in any case, and more can go with it.
    const hasRoom = this.#output.hasRoom || !joiner.isEmpty;
    this.#state = hasRoom ? "reading" : "blocked";
    if (!hasRoom) return undefined;
    const cursor = this.#cursor ?? this.#findStart();
    if (cursor === undefined) return undefined;
    const isNew = this.#startOptions !== undefined;
    const location = this.#broadcaster.locate(cursor, isNew);
    // Frames that were handed out first may have ended the stream.
    if (this.isClosed) return undefined;
    if (location === undefined) return this.#seek(cursor);
    this.#startOptions = undefined;
    if (location.position < this.#broadcaster.endOf(location)) return location;
    this.#reachEnd(cursor, location.position, joiner);
    return undefined;
  }

  /**
   * Finds the first cursor of a client that brings no ID; `undefined` if that takes time.
   */
  #findStart(): string | undefined {
    // The options are not cleared before the first cursor is known.
    const { replay } = this.#startOptions!;
    // A client that came before the log was followed begins where following began.
    const { startCursor } = this.#broadcaster.feed;
    if (replay > 0) {
      this.#broadcaster.replaySearch.find(this.#group, replay, this);
      return undefined;
    }
    if (startCursor === undefined) this.#idle();
    else if (this.#snapshot !== undefined) this.#snapshot.take(undefined);
    else this.#begin(startCursor);
    return this.#cursor;
  }

  /** Sets the cursor after which the client gets every event. */
  #begin(cursor: string): void {
    this.#cursor = cursor;
    this.#startOptions = undefined;
    this.#isCutOff = false;
  }

  /** Waits for the log to be read from a cursor. */
  #seek(cursor: string): undefined {
    // After a restart, most cursors are in the live segment once that is filled.
    if (this.#broadcaster.feed.isFilling) this.#idle();
    else this.#broadcaster.waitForLog(cursor, this);
  }

  #idle(): void {
    this.#state = "idle";
    this.#broadcaster.idle(this);
  }

  /** Called at the end of the live segment, or of what was handed out so far. */
  #reachEnd(cursor: string, position: number, joiner: ChunkJoiner): void {
    if (!this.#knownId.isCursor) {
      this.#knownId.setIsCursor(true);
      joiner.add(encodeCursor(cursor), 0);
    }
    if (position === this.#broadcaster.position) {
      this.#state = "live";
      this.#knownId.moveTo(position);
    } else {
      this.#idle();
    }
  }

  /** Tells the client of a gap before a location, and continues there. */
  #crossGap(location: SegmentLocation): void {
    const options = this.#startOptions;
    if (options === undefined && !this.#isCutOff) {
      this.#broadcaster.tally.overflows++;
      this.end("overflow");
      return;
    }
    const lastEventId = options ? options.lastEventId : this.#cursor;
    if (lastEventId === undefined) return this.#enter(location);
    if (this.#snapshot !== undefined) return this.#snapshot.take(lastEventId);
    makeGapNotice(
      this.#describeGap,
      lastEventId,
      (notice) => this.#tellGap(location, notice),
      (error) => this.fail(error),
    );
  }

  #tellGap(location: SegmentLocation, notice?: Uint8Array<ArrayBuffer>): void {
    if (this.isClosed) return;
    this.#broadcaster.tally.gaps++;
    if (notice !== undefined) this.#output.write(notice, 0);
    // Otherwise the client would come back with an ID that the log does not have.
    this.#knownId.setIsCursor(false);
    this.#enter(location);
  }

  /** Continues at a location, whether there is room or not. */
  #enter(location: SegmentLocation): void {
    const { segment, position } = location;
    if (position < segment.end) return this.#advance(location);
    this.#begin(segment.endCursor);
    // The log may be ahead of the follower, which comes to this cursor soon.
    if (this.#broadcaster.locate(segment.endCursor) === undefined) this.#idle();
    else this.#advance();
  }

  /** Adds the next chunk after a location to what is written. */
  #give(location: SegmentLocation, joiner: ChunkJoiner): void {
    const { catchUpChunks } = this.#broadcaster;
    const end = this.#broadcaster.endOf(location);
    let chunk: CatchUpChunk;
    try {
      chunk = catchUpChunks.take(this.#group, location, end);
    } catch (error) {
      joiner.flush();
      this.fail(error);
      return;
    }
    // The position is in the segment.
    this.#begin(location.segment.cursorOf(chunk.end)!);
    this.#knownId.setIsCursor(chunk.isLast);
    if (chunk.bytes !== undefined) joiner.add(chunk.bytes, chunk.events);
    if (!chunk.isFinal) return;
    joiner.flush();
    this.end("source", chunk.unsentId);
  }

  /**
   * Closes the subscriber, unless it is closed. This comes first: the last write may make
   * room, and nothing may be written into that.
   */
  #close(): boolean {
    if (this.isClosed) return false;
    this.#state = "closed";
    return true;
  }

  #leave(reason: CloseReason): void {
    this.#snapshot?.stop();
    this.#output.close();
    this.#end.leave(this, reason);
  }
}
