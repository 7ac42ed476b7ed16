// Copyright 2026 the Tidings authors. MIT license.

/**
 * One client of a channel: a cursor into the log, and a sink that has room or not.
 *
 * @module
 */

import type { Arrival } from "./arrival.ts";
import { CompressedSink, type GroupChunk } from "./compressed_sink.ts";
import { Draft } from "./draft.ts";
import type { FanOut, FanOutClient } from "./fan_out.ts";
import {
  type DescribeGap,
  type GapNotice,
  makeGapNotice,
} from "./gap_notice.ts";
import type { Group, GroupMember } from "./group.ts";
import type { PastChunk } from "./past_chunks.ts";
import type { Place } from "./ring.ts";
import type { SubscriberState } from "./subscriber_state.ts";
import type { Chunk, Turn } from "./turn.ts";
import type { Waiter } from "./waiting_places.ts";
import { KEEP_ALIVE_COMMENT } from "../_server/keep_alive.ts";
import { type Lifetime, watchLifetime } from "../_server/lifetime.ts";
import type { Sink, SinkOwner } from "../_server/sink.ts";
import { encodeEvent } from "../encoder.ts";
import type { CloseReason } from "../server.ts";

/**
 * What writes to one client. It holds no events: while it is parked it is handed its
 * group's chunk of each turn, and otherwise it takes what comes after its cursor from
 * the ring, or from the history where the ring does not reach back that far.
 */
export class Subscriber
  implements FanOutClient, GroupMember, Waiter, SinkOwner {
  readonly #fanOut: FanOut;
  readonly #group: Group;
  readonly #onClose: ((reason: CloseReason) => void) | undefined;
  readonly #describeGap: DescribeGap;
  /** The sink, if the client gets its stream compressed. */
  readonly #compressed: CompressedSink | undefined;
  /** Ends the watch over the lifetime, where there is one. */
  #release: (() => void) | undefined;
  /** What the client asked for; cleared, for the memory, once it has its place. */
  #arrival: Arrival | undefined;
  // `connect` sets it before all else.
  #sink!: Sink;
  #state: SubscriberState = "full";
  /** Whether the client has begun to read. */
  #hasBegun = false;
  /**
   * The place up to which the client was given everything of its own; `undefined` until
   * there is one. It stands still while the client is parked.
   */
  #cursor: string | undefined;
  /**
   * Whether the client would come back with another ID than its place: it is new, or
   * the latest event was not for it. It is told its place when it parks, so that it
   * resumes there if it drops before any event.
   */
  #isUntold = true;
  /**
   * The position of the ID with which the client would come back, while it is parked.
   * Where that falls behind, a comment tells it a newer one before the history moves
   * past it.
   */
  #toldPosition = 0;
  /**
   * Whether the log has gone on elsewhere than at the end, where the client was. Then
   * it did not fall behind, and stays if events are missing. Cleared with its next place.
   */
  #isCutOff = false;
  /** The round of keep-alive in which something was sent last, or the client came. */
  #lastWrite: number;

  /**
   * @param fanOut What the client belongs to, from now on.
   * @param arrival What is known of the client.
   */
  constructor(fanOut: FanOut, arrival: Arrival) {
    const { lastEventId, replay, interest, compression } = arrival;
    this.#fanOut = fanOut;
    this.#onClose = arrival.onClose;
    this.#describeGap = arrival.describeGap;
    this.#arrival = arrival;
    this.#cursor = lastEventId;
    this.#group = fanOut.audience.join(interest, this);
    if (compression !== undefined) {
      this.#group.openWindow(compression);
      this.#compressed = new CompressedSink(compression, fanOut.counters);
    }
    fanOut.add(this);
    this.#lastWrite = fanOut.round;
    const { endCursor } = fanOut;
    const isNew = lastEventId === undefined && replay === 0;
    // The end as it is now, even if the stream is not read before later.
    if (isNew && endCursor !== undefined) this.#begin(endCursor);
  }

  /** Whether the client is one no more. */
  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Whether the client takes what is handed out. */
  get isParked(): boolean {
    return this.#state === "parked";
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
    const { preamble } = this.#fanOut;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      if (preamble !== undefined) this.#write(preamble, 0);
    }
    if (this.#state === "full") this.#advance();
  }

  /** Called by the sink when the client has left. */
  handleDeparture(): void {
    if (this.#close()) this.#leave("client");
  }

  /** Takes what a turn brought for its group, and ends if that is the end of it. */
  take(
    { bytes, events, end }: Chunk,
    turn: Turn,
    isFinal: boolean,
    shared: GroupChunk | undefined,
  ): void {
    if (!this.#sink.hasRoom) {
      this.unpark(turn.before, turn.begin);
      return;
    }
    this.#toldPosition = end;
    if (bytes !== undefined) this.#write(bytes, events, shared);
    if (isFinal) this.end("source");
  }

  /** Takes a comment that those of its group take who have their streams compressed. */
  shareComment(comment: GroupChunk, position: number | undefined): void {
    if (!this.isParked || !this.#compressed?.hasRoom) return;
    this.#toldPosition = position ?? this.#toldPosition;
    this.#write(comment.bytes, 0, comment);
  }

  /** Lets a parked client go on from the place where it was parked. */
  unpark(cursor: string, position: number): void {
    if (this.#state !== "parked") return;
    this.#cursor = cursor;
    this.#isUntold = this.#toldPosition !== position;
    this.#advance();
  }

  /** As {@linkcode Subscriber.unpark}, since the log goes on elsewhere. */
  cutOff(cursor: string, position: number): void {
    this.#isCutOff ||= this.isParked || this.#state === "waiting";
    this.unpark(cursor, position);
  }

  /** Called when there may be something for a client that has found nothing. */
  resume(): void {
    if (this.#state === "waiting") this.#advance();
  }

  /** Goes on from a place in the history. */
  arrive(place: Place, gap: boolean): void {
    if (gap) this.#crossGap(place);
    else if (this.#sink.hasRoom) this.#enter(place);
    else this.#state = "full";
  }

  /**
   * Called twice in each keep-alive time: sends a comment if nothing was sent since
   * the call before the last.
   */
  keepAlive(): void {
    if (this.#fanOut.round - this.#lastWrite < 2) return;
    const isTold = this.tell(this.#fanOut.position);
    if (!isTold && this.#sink.hasRoom) this.#comment(KEEP_ALIVE_COMMENT);
  }

  /**
   * Sends the client its place with a comment, if it is parked, has room, and would come
   * back with one before a position.
   */
  tell(position: number): boolean {
    const knows = !this.isParked || this.#toldPosition >= position;
    if (knows || !this.#sink.hasRoom) return false;
    const { position: latest, cursor } = this.#fanOut;
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
    const { onError } = this.#fanOut;
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
  #advance(place?: Place): void {
    const draft = new Draft((bytes, events) => this.#write(bytes, events));
    place ??= this.#findNext(draft);
    while (place !== undefined) {
      this.#give(place, draft);
      place = this.#findNext(draft);
    }
    if (!this.isClosed) draft.flush();
  }

  /** The next place after which there is something; if none, the state says why. */
  #findNext(draft: Draft): Place | undefined {
    if (this.isClosed) return undefined;
    // What is drafted is written in any case, and more can go with it.
    const hasRoom = this.#sink.hasRoom || !draft.isEmpty;
    this.#state = hasRoom ? "busy" : "full";
    if (!hasRoom) return undefined;
    const cursor = this.#cursor ?? this.#findPlace();
    if (cursor === undefined) return undefined;
    const place = this.#fanOut.locate(cursor, this.#arrival !== undefined);
    if (place === undefined) {
      this.#seek(cursor);
      return undefined;
    }
    this.#arrival = undefined;
    if (place.position < this.#endOf(place)) return place;
    this.#catchUp(cursor, place.position, draft);
    return undefined;
  }

  /** How far the client may go on from a place. */
  #endOf({ ring }: Place): number {
    return ring === this.#fanOut.ring ? this.#fanOut.position : ring.end;
  }

  /** The first place of a client that brings no ID, `undefined` if that takes time. */
  #findPlace(): string | undefined {
    // What the client asked for is not cleared before it has its place.
    const { replay } = this.#arrival!;
    // A client that came before the log was followed begins where that began.
    const { startCursor } = this.#fanOut;
    if (replay > 0) {
      this.#rewind(replay);
      return undefined;
    }
    if (startCursor === undefined) this.#wait();
    else this.#begin(startCursor);
    return startCursor;
  }

  /** Gives the client the place from which it is owed every event. */
  #begin(cursor: string): void {
    this.#cursor = cursor;
    this.#arrival = undefined;
    this.#isCutOff = false;
  }

  async #rewind(count: number): Promise<void> {
    this.#cursor = await this.#fanOut.rewind(count, () => !this.isClosed);
    if (this.#cursor !== undefined) this.#advance();
  }

  /** Waits for the log to be read from a cursor. */
  #seek(cursor: string): void {
    // Most of those who come back after a restart will find their place in the ring.
    if (this.#fanOut.isFilling) this.#wait();
    else this.#fanOut.history.wait(cursor, this);
  }

  #wait(): void {
    this.#state = "waiting";
    this.#fanOut.wait(this);
  }

  /** The client is where the ring ends, or where it was last handed out. */
  #catchUp(cursor: string, position: number, draft: Draft): void {
    if (this.#isUntold) {
      this.#isUntold = false;
      draft.add(encodeEvent({ id: cursor }), 0);
    }
    if (position === this.#fanOut.position) {
      this.#state = "parked";
      this.#toldPosition = position;
    } else {
      this.#wait();
    }
  }

  /** Tells the client that events before a place may be missing, and goes on there. */
  #crossGap(place: Place): void {
    const arrival = this.#arrival;
    if (arrival === undefined && !this.#isCutOff) {
      this.#fanOut.counters.overflows++;
      this.end("overflow");
      return;
    }
    const lastEventId = arrival ? arrival.lastEventId : this.#cursor;
    if (lastEventId === undefined) return this.#enter(place);
    let notice: GapNotice | Promise<GapNotice>;
    try {
      notice = makeGapNotice(this.#describeGap, lastEventId);
    } catch (error) {
      return this.fail(error);
    }
    if (!(notice instanceof Promise)) return this.#tellGap(notice, place);
    notice.then(
      (notice) => this.#tellGap(notice, place),
      (error) => this.fail(error),
    );
  }

  #tellGap(notice: GapNotice, place: Place): void {
    if (this.isClosed) return;
    this.#fanOut.counters.gaps++;
    if (notice !== undefined) this.#write(notice, 0);
    // It would come back with an ID that the log does not have.
    this.#isUntold = true;
    this.#enter(place);
  }

  /** Goes on from a place in the history, be there room or not. */
  #enter(place: Place): void {
    const { ring, position } = place;
    if (position < ring.end) return this.#advance(place);
    this.#begin(ring.endCursor);
    // The log may be ahead of its tail, which will come to this place.
    if (this.#fanOut.locate(ring.endCursor) === undefined) this.#wait();
    else this.#advance();
  }

  /** Drafts what comes after a place, as much as a chunk has. */
  #give(place: Place, draft: Draft): void {
    const { pastChunks } = this.#fanOut;
    let chunk: PastChunk;
    try {
      chunk = pastChunks.take(this.#group, place, this.#endOf(place));
    } catch (error) {
      draft.flush();
      this.fail(error);
      return;
    }
    // It is a position of the ring, and not its first.
    this.#begin(place.ring.cursorOf(chunk.end)!);
    this.#isUntold = !chunk.isLast;
    if (chunk.bytes !== undefined) draft.add(chunk.bytes, chunk.events);
    if (!chunk.isFinal) return;
    draft.flush();
    this.end("source");
  }

  /** Sends a comment, which may tell the place of a position. */
  #comment(comment: Uint8Array<ArrayBuffer>, position?: number): void {
    if (this.isParked && this.#compressed !== undefined) {
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
    const { counters, round } = this.#fanOut;
    counters.delivered += events;
    this.#lastWrite = round;
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
    this.#fanOut.audience.leave(this.#group, this);
    this.#fanOut.remove(this);
    this.#onClose?.(reason);
  }
}
