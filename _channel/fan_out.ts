// Copyright 2026 the Tidings authors. MIT license.

/**
 * From the one tail of a log to the many clients of a channel.
 *
 * @module
 */

import { LogReader } from "./log_reader.ts";
import { type Frame, joinFrames, makeFrame, Ring } from "./ring.ts";
import { Tail } from "./tail.ts";
import { KEEP_ALIVE_COMMENT } from "../_server/keep_alive.ts";
import { encodeEvent } from "../encoder.ts";
import type { EventLog, EventLogBatch } from "../log.ts";
import type { CloseReason } from "../server.ts";

/** What a channel has done since it was made. */
export interface EventChannelCounters {
  /** Events given to clients: one event for two clients counts as two. */
  delivered: number;
  /** Bytes given to clients, comments and the like included. */
  bytes: number;
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

/** The frames that one turn of the event loop brought. */
export interface Turn {
  readonly frames: readonly Frame[];
  /** The frames joined; all clients get this same chunk. */
  readonly chunk: Uint8Array<ArrayBuffer>;
  /** The cursor of the place before the first frame. */
  readonly before: string;
}

/** One client, as the fan-out sees it. */
export interface FanOutClient {
  /** Takes what a turn brought. */
  handOut(turn: Turn): void;
  /** Takes no more of what is handed out, but reads on from a place. */
  unpark(cursor: string): void;
  /** Sends a comment, if nothing else was sent for a while. */
  keepAlive(comment: Uint8Array<ArrayBuffer>): void;
  /** Ends, after a last chunk if there is one. */
  end(reason: CloseReason, chunk?: Uint8Array<ArrayBuffer>): void;
}

/** Follows a log, keeps its end in a ring, and hands it out turn by turn. */
export class FanOut {
  readonly log: EventLog;
  readonly ring: Ring;
  readonly tail: Tail;
  readonly reader: LogReader;
  readonly onError: ((error: unknown) => void) | undefined;
  /** What each client gets before all else. */
  readonly preamble: Uint8Array<ArrayBuffer> | undefined;
  readonly counters: EventChannelCounters = {
    delivered: 0,
    bytes: 0,
    gaps: 0,
    overflows: 0,
  };
  readonly #subscribers = new Set<FanOutClient>();
  readonly #keepAlive: number;
  /** Runs while there are clients. */
  #keepAliveTimer: ReturnType<typeof setInterval> | undefined;
  /** The place where the following began; set by the first batch. */
  #startCursor: string | undefined;
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
    this.tail = new Tail(log, (batch) => this.#take(batch), onError);
    this.reader = new LogReader(log, this.tail.signal, onError);
    this.preamble = retry === undefined ? undefined : encodeEvent({ retry });
    this.onError = onError;
    this.#keepAlive = keepAlive;
  }

  /** How many clients there are. */
  get size(): number {
    return this.#subscribers.size;
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

  /** Adds a client. */
  add(subscriber: FanOutClient): void {
    this.#subscribers.add(subscriber);
    if (this.#keepAlive > 0) {
      this.#keepAliveTimer ??= setInterval(() => {
        for (const each of this.#subscribers) {
          each.keepAlive(KEEP_ALIVE_COMMENT);
        }
      }, this.#keepAlive / 2);
    }
  }

  /** Removes a client that is closed. */
  remove(subscriber: FanOutClient): void {
    this.#subscribers.delete(subscriber);
    if (this.#subscribers.size > 0) return;
    clearInterval(this.#keepAliveTimer);
    this.#keepAliveTimer = undefined;
    this.#endTurn();
    this.reader.wake();
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
    return this.ring.rewind(count) ??
      await this.reader.rewind(count, isWanted);
  }

  /** Ends all streams, each with a chunk of its own, and the following. */
  async stop(
    makeFarewell: () => Uint8Array<ArrayBuffer> | undefined,
  ): Promise<void> {
    this.#handOut();
    for (const subscriber of this.#subscribers) {
      subscriber.end("server", makeFarewell());
    }
    await this.tail.stop();
  }

  /** Takes what the tail brings: all of it, or nothing if an event cannot be encoded. */
  #take({ events, cursor, gap }: EventLogBatch): void {
    const frames = events.map(makeFrame);
    if (gap || this.#startCursor === undefined) {
      this.#restart(frames.length === 0 ? cursor : "");
      this.#startCursor ??= cursor;
    }
    for (const frame of frames) {
      this.ring.add(frame);
      this.#frames.push(frame);
    }
    if (this.#isDue) return;
    this.#isDue = true;
    if (this.#turnTimer === undefined) queueMicrotask(() => this.#handOut());
  }

  /** Goes on elsewhere in the log. Clients find out for themselves what they have missed. */
  #restart(cursor: string): void {
    this.#handOut();
    const before = this.#cursor;
    this.ring.restart(cursor);
    this.#position = this.ring.end;
    this.#cursor = cursor;
    for (const subscriber of this.#subscribers) subscriber.unpark(before);
  }

  #handOut(): void {
    if (!this.#isDue) return;
    this.#isDue = false;
    const frames = this.#frames;
    const before = this.#cursor;
    this.#frames = [];
    this.#position = this.ring.end;
    this.#cursor = this.ring.endCursor;
    if (this.#subscribers.size === 0) return;
    const turn: Turn = { frames, chunk: joinFrames(frames), before };
    for (const subscriber of this.#subscribers) subscriber.handOut(turn);
    // Whatever else this turn brings, one `await` after the other, is handed out
    // at its end: writing a chunk costs far more than joining it to another.
    if (frames.length > 0 && this.#subscribers.size > 0) {
      this.#turnTimer ??= setTimeout(() => this.#endTurn(), 0);
    }
  }

  #endTurn(): void {
    clearTimeout(this.#turnTimer);
    this.#turnTimer = undefined;
    this.#handOut();
  }
}
