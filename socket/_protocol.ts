// Copyright 2026 the Tidings authors. MIT license.

/**
 * The protocol of a socket as its receiving side sees it: which event may come in which
 * state, and what an event may say. The client reads the stream by it, and the server
 * reads POSTs.
 *
 * @module
 */

import type { ServerSentEvent } from "../event.ts";
import { MAX_DELAY, quote } from "../_validate.ts";
import { type CloseReason, cutReason, isCloseReason } from "./_transport.ts";
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

/** Each pair of state and event that is missing here is a violation. */
const TRANSITIONS: Record<"server" | "client", Transitions> = {
  /** What the server sends. */
  server: {
    connecting: { open: "open" },
    open: { message: "open", close: "closed" },
    closed: {},
  },
  /** What the client sends. It may begin once the server has begun the stream. */
  client: {
    connecting: {},
    open: { message: "open", close: "closed" },
    closed: {},
  },
};

/** A close for a violation of the protocol. */
const PROTOCOL_ERROR = 1002;
/** A close for a message that is too large. */
const TOO_LARGE = 1009;
/** A close of a socket that would be worth another try. */
const TOO_MUCH = 1013;

const ID_REGEXP = /^\d{1,15}$/;
// It goes into a header.
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

/** Tells why a socket closes for which more would be kept than may be. */
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

  /** Lets the client begin: it has no event of its own for that. */
  begin(): void {
    if (this.#state === "connecting") this.#state = "open";
  }

  /**
   * Reads an event.
   *
   * @returns What it says; `undefined` for one that the client repeats.
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
        `Cannot take event: its ID is ${id}, expected ${this.#lastId + 1}`,
      );
    }
    const content = this.#readContent(type, event);
    this.#state = next;
    this.#lastId = id;
    return content;
  }

  /** A client repeats what it got no answer for; a stream resumes exactly. */
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
    `Cannot take event: its ID is ${quote(id)}, expected a number`,
  );
}

function readOpening(event: ServerSentEvent): Opening {
  if (event.id !== undefined) {
    throw new ProtocolViolation(
      `Cannot open socket: the event has the ID ${
        quote(event.id)
      }, expected none`,
    );
  }
  const opening: Opening = Object(parseJson(event));
  if (typeof opening.session !== "string") throw malformed(event);
  if (!SESSION_REGEXP.test(opening.session)) throw malformed(event);
  if (typeof opening.protocol !== "string") throw malformed(event);
  assertBounds(opening, "sessionTimeout", MAX_DELAY, false);
  assertBounds(opening, "maxBatchSize", Number.MAX_SAFE_INTEGER);
  // With less than 1, each answer to a POST would call for the next POST.
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
  const got = typeof value === "number" ? value : quote(value);
  throw new ProtocolViolation(
    `Cannot open socket: "${name}" is ${got}, expected ${
      isInteger ? "an integer" : "a number"
    } of 1 to ${most}`,
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
