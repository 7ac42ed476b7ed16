// Copyright 2026 the Tidings authors. MIT license.

/**
 * One client of a channel: a cursor into the log, and a sink that has room or not.
 *
 * @module
 */

import type { FanOut, FanOutClient, Turn } from "./fan_out.ts";
import { type Lifetime, watchLifetime } from "../_server/lifetime.ts";
import type { Sink, SinkOwner } from "../_server/sink.ts";
import { type Frame, joinFrames } from "./ring.ts";
import { encodeEvent, encodeEvents } from "../encoder.ts";
import type { ServerSentEventInit } from "../event.ts";
import type { EventLogBatch, LoggedEvent } from "../log.ts";
import type { CloseReason } from "../server.ts";

/** What is known of a client when it comes. */
export interface SubscriberOptions {
  /** The ID of the last event that the client has seen. */
  lastEventId: string | undefined;
  /** How many past events a client that brings no ID gets; may be `Infinity`. */
  replay: number;
  /** Which events the client gets; all if left out. */
  accepts: ((event: LoggedEvent) => boolean) | undefined;
  /** Which event is the client's last; none if left out. */
  until: ((event: LoggedEvent) => boolean) | undefined;
  /** Makes what the client is sent in place of events that are missing. */
  describeGap: (
    lastEventId: string,
  ) =>
    | readonly ServerSentEventInit[]
    | Promise<readonly ServerSentEventInit[]>;
  /** Told once why the client is one no more. */
  onClose: ((reason: CloseReason) => void) | undefined;
}

/**
 * - `"full"`: the sink has no room, or is not read yet. It says when it has.
 * - `"busy"`: the log is being read. The next step comes with its answer.
 * - `"waiting"`: there is nothing to give yet.
 * - `"parked"`: the same, and the client has been given all that was handed out: it
 *   gets what is handed out next.
 * - `"closed"`: for good.
 */
type State = "full" | "busy" | "waiting" | "parked" | "closed";

/** Bytes after which a chunk of past events is full. */
const CHUNK_SIZE = 65_536;

/**
 * What writes to one client. It holds no events: while it is parked it is handed each
 * turn's chunk, and otherwise it takes what comes after its cursor from the ring, or
 * from the log where the ring does not reach back that far.
 */
export class Subscriber implements FanOutClient, SinkOwner {
  readonly #fanOut: FanOut;
  readonly #accepts: ((event: LoggedEvent) => boolean) | undefined;
  readonly #until: ((event: LoggedEvent) => boolean) | undefined;
  /** Whether the client's last event was met: the stream ends after it. */
  #isComplete = false;
  readonly #onClose: ((reason: CloseReason) => void) | undefined;
  /** Ends the watch over the lifetime, where there is one. */
  #release: (() => void) | undefined;
  /** What the client asked for; cleared, for the memory, once it has its place. */
  #arrival: SubscriberOptions | undefined;
  // `connect` sets it before all else.
  #sink!: Sink;
  #state: State = "full";
  /** Whether the client has begun to read. */
  #hasBegun = false;
  /**
   * The place after the last event that was passed on or filtered out; `undefined`
   * until there is one. It stands still while the client is parked.
   */
  #cursor: string | undefined;
  /**
   * Whether the client would come back with another ID than its place: it is new,
   * or the latest event was filtered out. It is told its place when it parks, and
   * with the next comment, so that it resumes there if it drops before any event.
   */
  #isUntold = true;
  /** Whether nothing was sent since the keep-alive timer looked last. */
  #isSilent = false;

  /**
   * @param fanOut What the client belongs to.
   * @param options What is known of the client.
   */
  constructor(fanOut: FanOut, options: SubscriberOptions) {
    this.#fanOut = fanOut;
    this.#accepts = options.accepts;
    this.#until = options.until;
    this.#onClose = options.onClose;
    this.#arrival = options;
    this.#cursor = options.lastEventId;
    const { endCursor } = fanOut;
    const isNew = options.lastEventId === undefined && options.replay === 0;
    // The end as it is now, even if the stream is not read before later.
    if (isNew && endCursor !== undefined) this.#begin(endCursor);
  }

  /** Called with the sink, when the response is made. */
  connect(sink: Sink): void {
    this.#sink = sink;
  }

  /** Ends the stream early. Called once, when the stream is made. */
  limit(lifetime: Lifetime): void {
    this.#release = watchLifetime(lifetime, (reason) => this.end(reason));
  }

  /** Called by the sink when it has room. */
  handleRoom(): void {
    const { preamble } = this.#fanOut;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      if (preamble !== undefined) this.#write(preamble, 0);
    }
    if (this.#state === "full") this.#advance();
  }

  /** Called by the sink when the client has left. */
  handleDeparture(): void {
    this.#leave("client");
  }

  /** Called when a turn's frames are handed out. */
  handOut(turn: Turn): void {
    if (this.#state === "waiting") {
      this.#advance();
    } else if (this.#state === "parked" && turn.frames.length > 0) {
      if (this.#sink.hasRoom) this.#send(turn.frames, turn.chunk);
      else this.unpark(turn.before);
    }
  }

  /** Lets a parked client go on from the place where it was parked. */
  unpark(cursor: string): void {
    if (this.#state !== "parked") return;
    this.#cursor = cursor;
    this.#advance();
  }

  /**
   * Called twice in each keep-alive time: sends a comment if nothing was sent since
   * it was last called.
   */
  keepAlive(comment: Uint8Array<ArrayBuffer>): void {
    if (!this.#isSilent) {
      this.#isSilent = true;
    } else if (this.#sink.hasRoom) {
      if (this.#state === "parked" && this.#isUntold) {
        this.#isUntold = false;
        comment = encodeEvent({ comment: "", id: this.#fanOut.cursor });
      }
      this.#write(comment, 0);
    }
  }

  /** Ends the stream after what waits in it and a last chunk, if there is one. */
  end(reason: CloseReason, chunk?: Uint8Array<ArrayBuffer>): void {
    if (this.#isClosed()) return;
    if (chunk !== undefined) this.#write(chunk, 0);
    this.#sink.end();
    this.#leave(reason);
  }

  /** Writes what comes next, as long as there is room. After that, the state says what is waited for. */
  #advance(): void {
    const { ring } = this.#fanOut;
    while (this.#sink.hasRoom) {
      this.#state = "busy";
      const cursor = this.#cursor ?? this.#findPlace();
      if (cursor === undefined) return;
      const position = this.#find(cursor);
      if (position === undefined) {
        this.#readLog(cursor);
        return;
      }
      this.#arrival = undefined;
      if (position >= this.#fanOut.position) {
        this.#catchUp(cursor, position);
        return;
      }
      const frames = ring.slice(position, this.#fanOut.position, CHUNK_SIZE);
      // The position is older than what was handed out, so there are frames.
      this.#cursor = frames.at(-1)!.event.id;
      this.#send(frames);
      if (this.#isClosed()) return;
    }
    this.#state = "full";
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
    if (startCursor === undefined) this.#state = "waiting";
    else this.#begin(startCursor);
    return startCursor;
  }

  /** Gives the client the place from which it is owed every event. */
  #begin(cursor: string): void {
    this.#cursor = cursor;
    this.#arrival = undefined;
  }

  async #rewind(count: number): Promise<void> {
    this.#cursor = await this.#fanOut.rewind(count, () => !this.#isClosed());
    if (this.#cursor !== undefined) this.#advance();
  }

  /** The position in the ring of a cursor from which the client may go on there. */
  #find(cursor: string): number | undefined {
    const { ring, log } = this.#fanOut;
    const isTooOld = this.#arrival !== undefined &&
      log.reaches?.(cursor) === false;
    return isTooOld ? undefined : ring.find(cursor);
  }

  /** The client is where the ring ends, or where it was last handed out. */
  #catchUp(cursor: string, position: number): void {
    if (this.#isUntold) {
      this.#isUntold = false;
      this.#write(encodeEvent({ id: cursor }), 0);
    }
    this.#state = position === this.#fanOut.position ? "parked" : "waiting";
  }

  async #readLog(cursor: string): Promise<void> {
    const batch = await this.#fanOut.reader.read(
      cursor,
      CHUNK_SIZE,
      () => !this.#isClosed(),
    );
    if (batch === undefined) return;
    try {
      await this.#sendBatch(batch);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #sendBatch({ events, cursor, gap }: EventLogBatch): Promise<void> {
    const arrival = this.#arrival;
    if (gap && arrival === undefined) {
      this.#fanOut.counters.overflows++;
      this.end("overflow");
      return;
    }
    let notices: readonly ServerSentEventInit[] = [];
    if (gap && arrival?.lastEventId !== undefined) {
      notices = [...await arrival.describeGap(arrival.lastEventId)];
      if (this.#isClosed()) return;
      this.#fanOut.counters.gaps++;
    }
    const accepted = this.#filter(events, (event) => event);
    if (this.#isClosed()) return;
    this.#begin(cursor);
    if (events.length > 0) this.#isUntold = accepted.at(-1) !== events.at(-1);
    const chosen = [...notices, ...accepted];
    if (chosen.length > 0) this.#write(encodeEvents(chosen), accepted.length);
    if (this.#endIfComplete()) return;
    if (
      chosen.length + events.length === 0 && this.#find(cursor) === undefined
    ) {
      // The log is ahead of its tail, which will come to this place.
      this.#state = "waiting";
    } else {
      this.#advance();
    }
  }

  /** Writes those of the frames that the client gets. */
  #send(frames: readonly Frame[], chunk?: Uint8Array<ArrayBuffer>): void {
    const accepted = this.#filter(frames, (frame) => frame.event);
    if (this.#isClosed()) return;
    this.#isUntold = accepted.at(-1) !== frames.at(-1);
    if (accepted.length > 0) {
      const isWhole = accepted.length === frames.length && chunk !== undefined;
      this.#write(isWhole ? chunk : joinFrames(accepted), accepted.length);
    }
    this.#endIfComplete();
  }

  /** Ends the stream if the client's last event was met, and tells whether it was. */
  #endIfComplete(): boolean {
    if (this.#isComplete) this.end("source");
    return this.#isComplete;
  }

  /** Chooses what the client gets, up to its last event. */
  #filter<T>(
    items: readonly T[],
    eventOf: (item: T) => LoggedEvent,
  ): readonly T[] {
    const accepts = this.#accepts;
    const until = this.#until;
    try {
      if (until !== undefined) {
        const last = items.findIndex((item) => until(eventOf(item)));
        this.#isComplete = last !== -1;
        if (this.#isComplete) items = items.slice(0, last + 1);
      }
      if (accepts === undefined) return items;
      return items.filter((item) => accepts(eventOf(item)));
    } catch (error) {
      this.#fail(error);
      return [];
    }
  }

  #write(chunk: Uint8Array<ArrayBuffer>, events: number): void {
    const { counters } = this.#fanOut;
    counters.delivered += events;
    counters.bytes += chunk.byteLength;
    this.#isSilent = false;
    this.#sink.write(chunk);
  }

  #fail(error: unknown): void {
    if (this.#isClosed()) return;
    const { onError } = this.#fanOut;
    if (onError === undefined) this.#sink.fail(error);
    else this.#sink.end();
    this.#leave("error");
    onError?.(error);
  }

  #leave(reason: CloseReason): void {
    if (this.#isClosed()) return;
    this.#state = "closed";
    this.#release?.();
    this.#fanOut.remove(this);
    this.#onClose?.(reason);
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }
}
