// Copyright 2026 the Tidings authors. MIT license.

/**
 * From the one tail of a log to the many clients of a channel.
 *
 * @module
 */

import { Audience } from "./audience.ts";
import { fillRing } from "./fill_ring.ts";
import { History } from "./history.ts";
import { Horizon } from "./horizon.ts";
import { LogReader } from "./log_reader.ts";
import { PastChunks } from "./past_chunks.ts";
import { type Frame, makeFrame, type Place, Ring } from "./ring.ts";
import { Rounds } from "./rounds.ts";
import { Tail } from "./tail.ts";
import { Turn } from "./turn.ts";
import { encodeEvent } from "../encoder.ts";
import type { EventLog, EventLogBatch } from "../log.ts";
import type { CloseReason } from "../server.ts";

/** What a channel has done since it was made. */
export interface EventChannelCounters {
  /** Events given to clients: one event for two clients counts as two. */
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

/** What a fan-out is made of, checked and with the defaults filled in. */
export interface FanOutOptions {
  log: EventLog;
  /** Bytes that the ring may hold. */
  ringBytes: number;
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

/** One client, as the fan-out sees it. */
export interface FanOutClient {
  /** Looks again for what comes next, after it has found nothing. */
  resume(): void;
  /** Takes no more of what is handed out, but reads on from a place. */
  unpark(cursor: string, position: number): void;
  /** Reads on from a place, since the log goes on elsewhere. */
  cutOff(cursor: string, position: number): void;
  /** Sends a comment, if nothing else was sent for a while. */
  keepAlive(): void;
  /** Sends its place, if the client knows none of at least a position. */
  tell(position: number): void;
  /** Ends, after a last chunk if there is one. */
  end(reason: CloseReason, chunk?: Uint8Array<ArrayBuffer>): void;
}

/** Follows a log, keeps its end in a ring, and hands it out turn by turn. */
export class FanOut {
  readonly log: EventLog;
  readonly ring: Ring;
  readonly tail: Tail;
  readonly reader: LogReader;
  readonly history: History;
  readonly audience = new Audience();
  readonly pastChunks = new PastChunks();
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
  readonly #clients: Rounds<FanOutClient>;
  /** Those who have found nothing, and look again when something is handed out. */
  #waiting: FanOutClient[] = [];
  /** Runs while others have a turn before the rest of them. */
  #resumeTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #horizon: Horizon;
  /** The place where the following began; set by the first batch. */
  #startCursor: string | undefined;
  /** Settles once the ring is filled; set when that begins. */
  #filling: Promise<void> | undefined;
  #isFilling: boolean;
  /** The place up to which frames were handed out, in the ring's terms and the log's. */
  #position = 0;
  #cursor = "";
  /** The frames that are to be handed out. */
  #frames: Frame[] = [];
  /** Whether something is to be handed out, be it only the news that there is nothing. */
  #isDue = false;
  /** Runs from a hand-out to the end of its turn; meanwhile frames are collected. */
  #turnTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: FanOutOptions) {
    const { log, ringBytes, keepAlive, retry, onError } = options;
    this.log = log;
    this.ring = new Ring(ringBytes);
    this.tail = new Tail(log, (batch) => this.#take(batch), (error) => {
      // Those who wait for the ring would wait for as long as the log is away.
      this.#endFilling();
      onError?.(error);
    });
    this.reader = new LogReader(log, this.tail.signal, onError);
    this.history = new History(log, this.reader);
    this.preamble = retry === undefined ? undefined : encodeEvent({ retry });
    this.onError = onError;
    this.#clients = new Rounds(
      keepAlive / 2,
      (client) => client.keepAlive(),
    );
    // A log that tells at once what it has is as near as the ring.
    const isNear = log.reaches !== undefined;
    this.#isFilling = !isNear && ringBytes > 0;
    this.#horizon = new Horizon(
      isNear ? 1 : MIN_ASKING_STEP,
      (cursor) => log.reaches?.(cursor) ?? this.#isKept(cursor),
      (position) => this.#clients.visitAll((client) => client.tell(position)),
    );
  }

  /** How many clients there are. */
  get size(): number {
    return this.#clients.size;
  }

  /** The position up to which frames were handed out. */
  get position(): number {
    return this.#position;
  }

  /** The cursor of {@linkcode FanOut.position}. */
  get cursor(): string {
    return this.#cursor;
  }

  /** Where the following began, `undefined` as long as it did not. */
  get startCursor(): string | undefined {
    return this.#startCursor;
  }

  /** Where the log ends as far as it was followed, `undefined` as long as it was not. */
  get endCursor(): string | undefined {
    return this.#startCursor === undefined ? undefined : this.ring.endCursor;
  }

  /** Whether more of the log's end will be in the ring soon. */
  get isFilling(): boolean {
    return this.#isFilling;
  }

  /** How many rounds of keep-alive were begun. */
  get round(): number {
    return this.#clients.count;
  }

  /** Adds a client. */
  add(client: FanOutClient): void {
    this.#clients.add(client);
  }

  /** Removes a client that is closed. */
  remove(client: FanOutClient): void {
    this.#clients.remove(client);
    if (this.#clients.size > 0) return;
    this.#waiting = [];
    clearTimeout(this.#resumeTimer);
    this.#resumeTimer = undefined;
    this.#endTurn();
    // A log that tells at once what it has can as well be read again.
    if (this.log.reaches === undefined) this.history.rest();
    else this.history.clear();
    this.pastChunks.clear();
    this.reader.wake();
  }

  /**
   * Finds where a client goes on without the log.
   *
   * @param isArriving Whether it has come just now: then it goes on no further back
   * than the log would let it.
   * @returns The place, `undefined` if the log has to be read.
   */
  locate(cursor: string, isArriving = false): Place | undefined {
    if (isArriving && this.log.reaches?.(cursor) === false) return undefined;
    const { ring } = this;
    const position = ring.find(cursor);
    return position === undefined
      ? this.history.find(cursor)
      : { ring, position };
  }

  /** Has a client look again when something is handed out. */
  wait(client: FanOutClient): void {
    this.#waiting.push(client);
  }

  /**
   * Finds the place so many events before the end, in the ring if it has them all.
   *
   * @param isWanted Whether anybody still waits for the answer.
   * @returns Its cursor, `undefined` once nobody waits for it.
   */
  async rewind(
    count: number,
    isWanted: () => boolean,
  ): Promise<string | undefined> {
    await this.#filling;
    return this.ring.rewind(count) ??
      await this.reader.rewind(count, isWanted);
  }

  /** Ends all streams, each with a chunk of its own, and the following. */
  async stop(
    makeFarewell: () => Uint8Array<ArrayBuffer> | undefined,
  ): Promise<void> {
    this.#handOut();
    for (const client of this.#clients) client.end("server", makeFarewell());
    this.history.clear();
    const stopped = this.tail.stop();
    this.reader.wake();
    await Promise.all([stopped, this.#filling]);
  }

  /** Takes what the tail brings: all of it, or nothing if an event cannot be encoded. */
  #take({ events, cursor, gap }: EventLogBatch): void {
    const frames = events.map(makeFrame);
    if (gap || this.#startCursor === undefined) {
      this.#restart(frames.length === 0 ? cursor : "");
      if (this.#startCursor === undefined) this.#begin(cursor);
    }
    for (const frame of frames) {
      this.ring.add(frame);
      this.#frames.push(frame);
    }
    if (this.#isDue) return;
    this.#isDue = true;
    if (this.#turnTimer === undefined) queueMicrotask(() => this.#handOut());
  }

  #begin(cursor: string): void {
    this.#startCursor = cursor;
    if (!this.#isFilling) return;
    const isWanted = (): boolean => !this.tail.signal.aborted;
    this.#filling = fillRing(this.ring, this.reader, isWanted)
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
    this.ring.restart(cursor);
    this.#position = this.ring.end;
    this.#cursor = cursor;
    this.#horizon.restart(this.#position, cursor);
    for (const client of this.#clients) client.cutOff(before, position);
  }

  #handOut(): void {
    if (!this.#isDue) return;
    this.#isDue = false;
    const frames = this.#frames;
    const before = this.#cursor;
    this.#frames = [];
    this.#position = this.ring.end;
    this.#cursor = this.ring.endCursor;
    if (this.size === 0) return;
    if (frames.length > 0) {
      this.audience.handOut(new Turn(frames, before, this.#position));
    }
    this.#resume();
    this.#horizon.move(this.#position, this.#cursor);
    // Whatever else this turn brings, one `await` after the other, is handed out
    // at its end: writing a chunk costs far more than joining it to another.
    if (frames.length > 0 && this.size > 0) {
      this.#turnTimer ??= setTimeout(() => this.#endTurn(), 0);
    }
  }

  async #isKept(cursor: string): Promise<boolean> {
    const isWanted = (): boolean => this.size > 0;
    // Not for what comes after it, of which an engine may fetch a page.
    const batch = await this.reader.read(cursor, { limit: 1 }, isWanted);
    // Where the log does not answer, there is nothing to tell.
    return batch?.gap !== true;
  }

  #endTurn(): void {
    clearTimeout(this.#turnTimer);
    this.#turnTimer = undefined;
    this.#handOut();
  }

  /** Has those look again who have found nothing, and lets others in if they are many. */
  #resume(): void {
    const waiting = this.#waiting;
    const end = performance.now() + MAX_BUSY;
    this.#waiting = [];
    for (const [index, client] of waiting.entries()) {
      if (performance.now() > end) {
        this.#waiting.unshift(...waiting.slice(index));
        this.#resumeTimer ??= setTimeout(() => {
          this.#resumeTimer = undefined;
          this.#resume();
        }, 0);
        return;
      }
      client.resume();
    }
  }
}
