// Copyright 2026 the Tidings authors. MIT license.

/**
 * One client of a channel: a cursor into the log, and a stream that pulls.
 *
 * @module
 */

import type { FanOut, FanOutClient, Turn } from "./fan_out.ts";
import { type Lifetime, watchLifetime } from "../_server/lifetime.ts";
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
 * - `"busy"`: the stream has no room, or the log is being read. The next step comes
 *   with the stream's pull, or with the log's answer.
 * - `"waiting"`: the stream has room, and there is nothing to give yet.
 * - `"parked"`: the same, and the client has been given all that was handed out: it
 *   gets what is handed out next.
 * - `"closed"`: for good.
 */
type State = "busy" | "waiting" | "parked" | "closed";

/** Bytes after which a chunk of past events is full. */
const CHUNK_SIZE = 65_536;

/**
 * The source of one client's stream. It holds no events: while it is parked it is
 * handed each turn's chunk, and otherwise it pulls what comes after its cursor from
 * the ring, or from the log where the ring does not reach back that far.
 */
export class Subscriber
  implements FanOutClient, UnderlyingDefaultSource<Uint8Array<ArrayBuffer>> {
  readonly #fanOut: FanOut;
  readonly #accepts: ((event: LoggedEvent) => boolean) | undefined;
  readonly #onClose: ((reason: CloseReason) => void) | undefined;
  /** Ends the watch over the lifetime, where there is one. */
  #release: (() => void) | undefined;
  /** What the client asked for; cleared, for the memory, once it has its place. */
  #arrival: SubscriberOptions | undefined;
  // `start` sets it while the stream is made.
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #state: State = "busy";
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
  /** Ends the pull under way: set by a pull that found nothing to give. */
  #endPull: (() => void) | undefined;

  /**
   * @param fanOut What the client belongs to.
   * @param options What is known of the client.
   */
  constructor(fanOut: FanOut, options: SubscriberOptions) {
    this.#fanOut = fanOut;
    this.#accepts = options.accepts;
    this.#onClose = options.onClose;
    this.#arrival = options;
    this.#cursor = options.lastEventId;
    const { endCursor } = fanOut;
    const isNew = options.lastEventId === undefined && options.replay === 0;
    // The end as it is now, even if the stream is not read before later.
    if (isNew && endCursor !== undefined) this.#begin(endCursor);
  }

  /** Called by the stream when it is made. */
  start(
    controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>,
  ): void {
    this.#controller = controller;
    const { preamble } = this.#fanOut;
    if (preamble !== undefined) this.#enqueue(preamble, 0);
  }

  /** Ends the stream early. Called once, when the stream is made. */
  limit(lifetime: Lifetime): void {
    this.#release = watchLifetime(lifetime, (reason) => this.end(reason));
  }

  /**
   * Called by the stream when it has room. While the promise is pending it is not
   * called again, however much a parked client is handed; that makes handing out as
   * cheap as the stream can be.
   */
  pull(): Promise<void> | undefined {
    if (this.#advance()) return undefined;
    return new Promise((resolve) => {
      this.#endPull = resolve;
    });
  }

  /** Called by the stream when the client has left. */
  cancel(): void {
    this.#leave("client");
  }

  /** Called when a turn's frames are handed out. */
  handOut(turn: Turn): void {
    if (this.#state === "waiting") {
      this.#resume();
    } else if (this.#state === "parked" && turn.frames.length > 0) {
      if (this.#hasRoom()) this.#send(turn.frames, turn.chunk);
      else this.unpark(turn.before);
    }
  }

  /** Lets a parked client pull from the place where it was parked. */
  unpark(cursor: string): void {
    if (this.#state !== "parked") return;
    this.#cursor = cursor;
    this.#state = "busy";
    if (this.#hasRoom()) this.#resume();
    else this.#finishPull();
  }

  /**
   * Called twice in each keep-alive time: sends a comment if nothing was sent since
   * it was last called.
   */
  keepAlive(comment: Uint8Array<ArrayBuffer>): void {
    if (!this.#isSilent) {
      this.#isSilent = true;
    } else if (this.#hasRoom()) {
      if (this.#state === "parked" && this.#isUntold) {
        this.#isUntold = false;
        comment = encodeEvent({ comment: "", id: this.#fanOut.cursor });
      }
      this.#enqueue(comment, 0);
    }
  }

  /** Ends the stream after what waits in it and a last chunk, if there is one. */
  end(reason: CloseReason, chunk?: Uint8Array<ArrayBuffer>): void {
    if (this.#isClosed()) return;
    if (chunk !== undefined) this.#enqueue(chunk, 0);
    this.#controller.close();
    this.#leave(reason);
  }

  /**
   * Gives the stream what comes next.
   *
   * @returns Whether that is done; if not, the state says what is waited for.
   */
  #advance(): boolean {
    const { ring } = this.#fanOut;
    while (!this.#isClosed()) {
      this.#state = "busy";
      const cursor = this.#cursor ?? this.#findPlace();
      if (cursor === undefined) return false;
      const position = this.#find(cursor);
      if (position === undefined) {
        this.#readLog(cursor);
        return false;
      }
      this.#arrival = undefined;
      if (position >= this.#fanOut.position) {
        return this.#catchUp(cursor, position);
      }
      const frames = ring.slice(position, this.#fanOut.position, CHUNK_SIZE);
      // The position is older than what was handed out, so there are frames.
      this.#cursor = frames.at(-1)!.event.id;
      if (this.#send(frames)) return true;
    }
    return true;
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
    if (this.#cursor !== undefined) this.#resume();
  }

  /** The position in the ring of a cursor from which the client may go on there. */
  #find(cursor: string): number | undefined {
    const { ring, log } = this.#fanOut;
    const isTooOld = this.#arrival !== undefined &&
      log.reaches?.(cursor) === false;
    return isTooOld ? undefined : ring.find(cursor);
  }

  /** The client is where the ring ends, or where it was last handed out. */
  #catchUp(cursor: string, position: number): boolean {
    if (this.#isUntold) {
      this.#isUntold = false;
      this.#enqueue(encodeEvent({ id: cursor }), 0);
      return true;
    }
    this.#state = position === this.#fanOut.position ? "parked" : "waiting";
    return false;
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
    if (notices.length + accepted.length > 0) {
      const chunk = encodeEvents([...notices, ...accepted]);
      this.#enqueue(chunk, accepted.length);
      this.#finishPull();
    } else if (events.length === 0 && this.#find(cursor) === undefined) {
      // The log is ahead of its tail, which will come to this place.
      this.#state = "waiting";
    } else {
      this.#resume();
    }
  }

  /** Gives the stream those of the frames that the client gets; `false` if there is none. */
  #send(frames: readonly Frame[], chunk?: Uint8Array<ArrayBuffer>): boolean {
    const accepted = this.#filter(frames, (frame) => frame.event);
    if (this.#isClosed()) return true;
    this.#isUntold = accepted.at(-1) !== frames.at(-1);
    if (accepted.length === 0) return false;
    const isWhole = accepted.length === frames.length && chunk !== undefined;
    this.#enqueue(isWhole ? chunk : joinFrames(accepted), accepted.length);
    return true;
  }

  #filter<T>(
    items: readonly T[],
    eventOf: (item: T) => LoggedEvent,
  ): readonly T[] {
    const accepts = this.#accepts;
    if (accepts === undefined) return items;
    try {
      return items.filter((item) => accepts(eventOf(item)));
    } catch (error) {
      this.#fail(error);
      return [];
    }
  }

  #enqueue(chunk: Uint8Array<ArrayBuffer>, events: number): void {
    const { counters } = this.#fanOut;
    counters.delivered += events;
    counters.bytes += chunk.byteLength;
    this.#isSilent = false;
    this.#controller.enqueue(chunk);
  }

  #hasRoom(): boolean {
    // It is null for a stream that has failed, and then there is no room.
    return (this.#controller.desiredSize ?? 0) > 0;
  }

  #resume(): void {
    if (this.#advance()) this.#finishPull();
  }

  #finishPull(): void {
    this.#endPull?.();
    this.#endPull = undefined;
  }

  #fail(error: unknown): void {
    if (this.#isClosed()) return;
    const { onError } = this.#fanOut;
    if (onError === undefined) this.#controller.error(error);
    else this.#controller.close();
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
