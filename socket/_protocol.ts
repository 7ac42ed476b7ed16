// Copyright 2026 the Tidings authors. MIT license.

/**
 * The protocol of a socket on its receiving side: which event may come in which state, and
 * what an event may say. The client checks the stream by it, and the server checks POSTs.
 *
 * @module
 */

import type { ServerSentEvent } from "../event.ts";
import { describeMismatch, MAX_DELAY, quote } from "../_validate.ts";
import { type CloseReason, cutReason, isCloseReason } from "./_close_reason.ts";
import {
  byteLengthOf,
  CLOSE_EVENT,
  fromEvent,
  OPEN_EVENT,
  type Opening,
  type SocketData,
} from "./_wire_format.ts";

/** What the other side has said so far. */
export type ProtocolState = "connecting" | "open" | "closed";

/** An event of the protocol, checked. */
export type ProtocolEvent =
  | { type: "open"; opening: Opening }
  | { type: "message"; data: SocketData }
  | { type: "close"; reason: CloseReason };

/** The state that follows, by the state and the type of the event. */
type Transitions = Record<
  ProtocolState,
  Partial<Record<ProtocolEvent["type"], ProtocolState>>
>;

/** A pair of state and event that is not listed is a violation. */
const TRANSITIONS: Record<"server" | "client", Transitions> = {
  /** What the server sends. */
  server: {
    connecting: { open: "open" },
    open: { message: "open", close: "closed" },
    closed: {},
  },
  /** What the client sends. It may begin once the stream of the server has begun. */
  client: {
    connecting: {},
    open: { message: "open", close: "closed" },
    closed: {},
  },
};

/** The code of a close for a violation of the protocol. */
const PROTOCOL_ERROR = 1002;
/** The code of a close for a message that is too large. */
const TOO_LARGE = 1009;
/** The code of a close after which a new socket may fare better. */
const TOO_MUCH = 1013;

const ID_REGEXP = /^\d{1,15}$/;
// The session's ID goes into a header.
const SESSION_REGEXP = /^[\x21-\x7e]{1,256}$/;

/** Thrown for an event that the protocol does not allow: it closes the socket. */
export class ProtocolViolation extends Error {
  /** The code of the close. */
  readonly code: number;

  /**
   * @param message What is wrong.
   * @param code The code of the close.
   */
  constructor(message: string, code = PROTOCOL_ERROR) {
    super(message);
    this.code = code;
  }

  /** How the socket closes. */
  get closeReason(): CloseReason {
    return { code: this.code, reason: cutReason(this.message) };
  }
}

/** Makes the violation of a message that is larger than it may be. */
export function tooLarge(what: string, most: number): ProtocolViolation {
  return new ProtocolViolation(
    `Cannot receive ${what}: it is too large, expected at most ${most} bytes`,
    TOO_LARGE,
  );
}

/** Makes the reason to close a socket that would buffer more bytes than it may. */
export function tooMuch(most: number): CloseReason {
  return {
    code: TOO_MUCH,
    reason: `Cannot keep messages: expected at most ${most} bytes buffered`,
  };
}

/** Reads the events of one side, in their order, each once. */
export class ProtocolReader {
  readonly #sender: "server" | "client";
  readonly #maxMessageSize: number;
  #state: ProtocolState = "connecting";
  #lastId = 0;

  /**
   * @param sender The side that sends the events.
   * @param maxMessageSize The most bytes of a message.
   */
  constructor(sender: "server" | "client", maxMessageSize = Infinity) {
    this.#sender = sender;
    this.#maxMessageSize = maxMessageSize;
  }

  /** The ID of the last event that was read, 0 before the first. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Begins the state "open" for the events of a client, which sends no event for that. */
  begin(): void {
    if (this.#state === "connecting") this.#state = "open";
  }

  /**
   * Reads an event.
   *
   * @returns What it says; `undefined` for an event that the client has repeated.
   * @throws {ProtocolViolation} If it may not come, or says what it may not say.
   */
  read(event: ServerSentEvent): ProtocolEvent | undefined {
    const type = typeOf(event);
    // `open` belongs to one stream, and is the only event that is not counted.
    const id = type === "open" ? this.#lastId : readId(event);
    if (type !== "open" && this.#isRepeated(id)) return undefined;
    const next = TRANSITIONS[this.#sender][this.#state][type];
    if (next === undefined) {
      throw new ProtocolViolation(
        `Cannot take event: the ${this.#sender} sent ${
          quote(event.event)
        } while the socket was ${this.#state}`,
      );
    }
    if (type !== "open" && id !== this.#lastId + 1) {
      throw new ProtocolViolation(
        `Cannot take event: expected the ID ${this.#lastId + 1}, got ${id}`,
      );
    }
    const content = this.#readContent(type, event);
    this.#state = next;
    this.#lastId = id;
    return content;
  }

  /** A client repeats the events of a POST without a response; a stream never repeats. */
  #isRepeated(id: number): boolean {
    return this.#sender === "client" && id > 0 && id <= this.#lastId;
  }

  #readContent(
    type: ProtocolEvent["type"],
    event: ServerSentEvent,
  ): ProtocolEvent {
    if (type === "open") return { type, opening: readOpening(event) };
    if (type === "close") return { type, reason: readClose(event) };
    return { type, data: this.#readMessage(event) };
  }

  #readMessage(event: ServerSentEvent): SocketData {
    let data: SocketData;
    try {
      data = fromEvent(event);
    } catch {
      throw malformed(event);
    }
    const most = this.#maxMessageSize;
    // A UTF-16 code unit takes at most three bytes.
    if (data.length * 3 > most && byteLengthOf(data) > most) {
      throw tooLarge("message", most);
    }
    return data;
  }
}

function typeOf({ event }: ServerSentEvent): ProtocolEvent["type"] {
  if (event === OPEN_EVENT) return "open";
  return event === CLOSE_EVENT ? "close" : "message";
}

function readId({ id = "" }: ServerSentEvent): number {
  if (ID_REGEXP.test(id)) return Number(id);
  throw new ProtocolViolation(
    describeMismatch("take event", "id", "a number", id),
  );
}

function readOpening(event: ServerSentEvent): Opening {
  if (event.id !== undefined) {
    throw new ProtocolViolation(
      `Cannot open socket: expected the event to have no ID, got ${
        quote(event.id)
      }`,
    );
  }
  const opening: Opening = Object(parseJson(event));
  if (typeof opening.session !== "string") throw malformed(event);
  if (!SESSION_REGEXP.test(opening.session)) throw malformed(event);
  if (typeof opening.protocol !== "string") throw malformed(event);
  assertBounds(opening, "sessionTimeout", MAX_DELAY, false);
  assertBounds(opening, "maxBatchSize", Number.MAX_SAFE_INTEGER);
  // With less than 1, the client would send a POST after each response to a POST.
  assertBounds(opening, "acknowledgeAfter", Number.MAX_SAFE_INTEGER);
  return opening;
}

/** Checks a number of the server, which is at least 1. */
function assertBounds(
  opening: Opening,
  name: "sessionTimeout" | "maxBatchSize" | "acknowledgeAfter",
  most: number,
  isInteger = true,
): void {
  const value: unknown = opening[name];
  if (
    typeof value === "number" && value >= 1 && value <= most &&
    (!isInteger || Number.isInteger(value))
  ) {
    return;
  }
  const expected = `${isInteger ? "an integer" : "a number"} from 1 to ${most}`;
  throw new ProtocolViolation(
    describeMismatch("open socket", name, expected, value),
  );
}

function readClose(event: ServerSentEvent): CloseReason {
  const reason = parseJson(event);
  if (!isCloseReason(reason)) throw malformed(event);
  return { code: reason.code, reason: reason.reason };
}

function parseJson(event: ServerSentEvent): unknown {
  try {
    return JSON.parse(event.data);
  } catch {
    throw malformed(event);
  }
}

function malformed({ event }: ServerSentEvent): ProtocolViolation {
  return new ProtocolViolation(
    `Cannot take event: ${quote(event)} is malformed or unknown`,
  );
}
