// Copyright 2026 the Tidings authors. MIT license.

import type { ServerSentEvent } from "../event.ts";
import { EventStreamParser } from "../parser.ts";
import { Refusal } from "./_refusal.ts";
import { type CloseReason, isCloseReason } from "./_transport.ts";
import {
  byteLengthOf,
  CLOSE_EVENT,
  fromEvent,
  type SocketData,
} from "./_wire.ts";

/** What an inbox accepts. */
export interface InboxLimits {
  /** Bytes of a message. */
  maxMessageSize: number;
  /** Bytes of a POST's body. */
  maxBatchSize: number;
}

/** Whom an inbox tells of what has come. */
export interface InboxEvents {
  /** A message has come. */
  message(data: SocketData): void;
  /** The client has closed the socket. */
  close(reason: CloseReason): void;
}

const ID_REGEXP = /^\d{1,15}$/;

/**
 * What the client posts, once and in order: a client repeats what it got no answer
 * for, and the ids tell what was seen before.
 */
export class SocketInbox {
  readonly #limits: InboxLimits;
  readonly #events: InboxEvents;
  /** The id of the last event that has come. */
  #received = 0;

  constructor(limits: InboxLimits, events: InboxEvents) {
    this.#limits = limits;
    this.#events = events;
  }

  /**
   * Reads the body of a POST, and tells of each message as soon as it is there.
   *
   * @throws {Refusal} If it is not what a client of this package sends.
   */
  async read(
    body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<void> {
    const { maxBatchSize } = this.#limits;
    const parser = new EventStreamParser((event) => this.#take(event), {
      maxEventSize: maxBatchSize,
    });
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBatchSize) {
        throw new Refusal(
          413,
          `Cannot receive messages: the body is too large, at most ${maxBatchSize} bytes are wanted`,
          1009,
        );
      }
      parser.push(chunk);
    }
  }

  #take(event: ServerSentEvent): void {
    const { id = "" } = event;
    if (!ID_REGEXP.test(id)) {
      throw new Refusal(
        400,
        "Cannot receive messages: an event has no number for its id, one is wanted",
        1002,
      );
    }
    if (Number(id) <= this.#received) return;
    if (Number(id) !== this.#received + 1) {
      throw new Refusal(
        409,
        `Cannot receive messages: the event ${id} came after ${this.#received}, the next one is wanted`,
        1002,
      );
    }
    this.#received++;
    if (event.event === CLOSE_EVENT) this.#events.close(readClose(event));
    else this.#events.message(this.#readMessage(event));
  }

  #readMessage(event: ServerSentEvent): SocketData {
    const { maxMessageSize } = this.#limits;
    let data: SocketData;
    try {
      data = fromEvent(event);
    } catch {
      throw malformed();
    }
    // A character takes at most three bytes for each of its UTF-16 code units.
    if (
      data.length * 3 > maxMessageSize && byteLengthOf(data) > maxMessageSize
    ) {
      throw new Refusal(
        413,
        `Cannot receive message: it is too large, at most ${maxMessageSize} bytes are wanted`,
        1009,
      );
    }
    return data;
  }
}

function readClose({ data }: ServerSentEvent): CloseReason {
  try {
    const reason: unknown = JSON.parse(data);
    if (isCloseReason(reason)) return reason;
  } catch {
    // Not JSON, which is refused as well.
  }
  throw malformed();
}

function malformed(): Refusal {
  return new Refusal(
    400,
    "Cannot receive messages: an event is malformed, a message is wanted",
    1002,
  );
}
