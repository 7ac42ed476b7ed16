// Copyright 2026 the Tidings authors. MIT license.

/**
 * Text to events: the lines, the fields and the dispatch of the standard's
 * section "Interpreting an event stream" (`#event-stream-interpretation`), which
 * is quoted below.
 */

import { EventStreamError } from "./_event_stream_error.ts";
import type { ServerSentEvent } from "./event.ts";

const LF = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;
const BOM = 0xfeff;

const DATA = codesOf("data");
const EVENT = codesOf("event");
const ID = codesOf("id");
const RETRY = codesOf("retry");
// No field name but these has a meaning; one more code tells "retry" from
// "retry:" from "retryx", and another finds the space.
const HEAD_LENGTH = 7;

const DIGITS_REGEXP = /^[0-9]+$/;

/** What timers can hold, in milliseconds: beyond it they fire at once. */
const MAX_DELAY = 2 ** 31 - 1;

/** Where events and comments go, and what is allowed. */
export interface InterpreterOptions {
  onEvent: (event: ServerSentEvent) => void;
  onComment: ((comment: string) => void) | undefined;
  maxEventSize: number;
  lastEventId: string;
}

/** Interprets windows of text, cut anywhere, as an event stream. */
export class Interpreter {
  /** As committed by the last blank line. */
  lastEventId: string;
  /** From the last valid `retry` field, in milliseconds. */
  reconnectionTime: number | undefined;

  readonly #onEvent: (event: ServerSentEvent) => void;
  readonly #onComment: ((comment: string) => void) | undefined;
  readonly #maxEventSize: number;
  // The standard's data buffer, without the line feed that it adds to each value
  // and then takes from the last one: hence the flag for "not the empty string".
  #data = "";
  #hasData = false;
  // The standard's event type buffer.
  #eventType = "";
  // The block's own id field; the standard's last event ID buffer is this, or
  // lastEventId where this is undefined.
  #id: string | undefined;
  // The beginning of a line whose end has not arrived.
  #line = "";
  // Set when a window ended in CR: an LF that begins the next one belongs to it.
  #afterCR = false;
  #atStart = true;
  // Counts the streams, so that a loop notices a reset() by a callback.
  #stream = 0;
  // The codes that a line begins with, where the bytes cannot show them.
  readonly #head = new Uint8Array(HEAD_LENGTH + 1);

  constructor(options: InterpreterOptions) {
    this.#onEvent = options.onEvent;
    this.#onComment = options.onComment;
    this.#maxEventSize = options.maxEventSize;
    this.lastEventId = options.lastEventId;
  }

  /** UTF-16 code units of the line whose end has not arrived. */
  get lineLength(): number {
    return this.#line.length;
  }

  /** UTF-16 code units that this line may still grow by. */
  get room(): number {
    return this.#maxEventSize - this.#data.length - this.#line.length;
  }

  /** Begins a new stream of the same event source. */
  reset(): void {
    this.#stream++;
    this.#data = "";
    this.#hasData = false;
    this.#eventType = "";
    this.#id = undefined;
    this.#line = "";
    this.#afterCR = false;
    this.#atStart = true;
  }

  /**
   * Interprets a window.
   *
   * @param text The text of the window.
   * @param bytes The same as bytes, if they are one for one.
   * @returns Whether to go on: `false` if a callback called `reset()`.
   */
  interpret(text: string, bytes: Uint8Array | undefined): boolean {
    if (text.length === 0) return true;
    let start = 0;
    if (this.#atStart) {
      this.#atStart = false;
      // Spec: "stream = [ bom ] *event"
      if (text.charCodeAt(0) === BOM) start = 1;
    } else if (this.#line !== "") {
      const end = indexOfLineEnd(text, 0);
      // Appending makes a rope: the line is joined once, when it is complete.
      if (end === -1) {
        this.#carry(this.#line + text);
        return true;
      }
      const line = this.#line + text.slice(0, end + 1);
      this.#line = "";
      if (!this.#interpretLines(line, undefined, 0)) return false;
      start = end + 1;
    }
    if (this.#afterCR && start < text.length) {
      this.#afterCR = false;
      if (text.charCodeAt(start) === LF) start++;
    }
    return this.#interpretLines(text, bytes, start);
  }

  /**
   * The hot loop: as long as it is because each call and each field that it keeps
   * in a local is worth 3 to 10 % (`bench/parser_bench.ts`).
   */
  #interpretLines(
    text: string,
    bytes: Uint8Array | undefined,
    start: number,
  ): boolean {
    const stream = this.#stream;
    const length = text.length;
    const head = this.#head;
    const codes = bytes ?? head;
    let data = this.#data;
    let hasData = this.#hasData;
    let lf = indexOrLength(text, "\n", start);
    let cr = indexOrLength(text, "\r", start);
    while (start < length) {
      let end = lf;
      let next = lf + 1;
      if (cr < lf) {
        end = cr;
        next = cr + 1;
        if (next === length) this.#afterCR = true;
        else if (next === lf) next++;
        cr = indexOrLength(text, "\r", next);
      } else if (lf === length) break;

      if (end === start) {
        // Spec: "If the line is empty (a blank line): Dispatch the event"
        const id = this.#id;
        if (id !== undefined) {
          this.lastEventId = id;
          this.#id = undefined;
        }
        const eventType = this.#eventType;
        this.#eventType = "";
        if (hasData) {
          const event = {
            event: eventType === "" ? "message" : eventType,
            data,
            id,
            lastEventId: this.lastEventId,
          };
          data = this.#data = "";
          hasData = this.#hasData = false;
          this.#onEvent(event);
          if (stream !== this.#stream) return false;
        }
      } else {
        if (end - start > this.#maxEventSize - data.length) this.#refuse();
        let at = start;
        if (bytes === undefined) {
          at = 0;
          readHead(head, text, start);
        }
        if (startsWith(codes, at, DATA)) {
          const from = indexOfValue(codes, at + 4, start + 4, end);
          if (from !== -1) {
            // Spec: "Append the field value to the data buffer, then append a
            // single U+000A LINE FEED (LF) character to the data buffer."
            const value = text.slice(from, end);
            data = hasData ? data + "\n" + value : value;
            hasData = true;
          }
        } else {
          this.#processField(text, start, end, codes, at);
          if (stream !== this.#stream) return false;
        }
      }

      start = next;
      if (lf < start) {
        lf = text.charCodeAt(start) === LF
          ? start
          : indexOrLength(text, "\n", start);
      }
    }
    this.#data = data;
    this.#hasData = hasData;
    if (start < length) this.#carry(text.slice(start));
    return true;
  }

  /** The fields but `data`, which the loop has a local for. */
  #processField(
    text: string,
    start: number,
    end: number,
    codes: Uint8Array,
    at: number,
  ): void {
    if (startsWith(codes, at, EVENT)) {
      const from = indexOfValue(codes, at + 5, start + 5, end);
      // Spec: "Set the event type buffer to the field value."
      if (from !== -1) this.#eventType = text.slice(from, end);
    } else if (startsWith(codes, at, ID)) {
      const from = indexOfValue(codes, at + 2, start + 2, end);
      if (from === -1) return;
      // Spec: "If the field value does not contain U+0000 NULL, then set the last
      // event ID buffer to the field value. Otherwise, ignore the field."
      if (!hasNull(text, from, end)) this.#id = text.slice(from, end);
    } else if (codes[at] === COLON) {
      if (this.#onComment === undefined) return;
      this.#onComment(
        text.slice(codes[at + 1] === SPACE ? start + 2 : start + 1, end),
      );
    } else if (startsWith(codes, at, RETRY)) {
      const from = indexOfValue(codes, at + 5, start + 5, end);
      if (from === -1) return;
      const value = text.slice(from, end);
      // Spec: "If the field value consists of only ASCII digits, then interpret
      // the field value as an integer in base ten"
      if (DIGITS_REGEXP.test(value)) {
        this.reconnectionTime = Math.min(Number(value), MAX_DELAY);
      }
    }
    // Spec: "Otherwise: The field is ignored."
  }

  #carry(line: string): void {
    this.#line = line;
    if (this.room < 0) this.#refuse();
  }

  #refuse(): never {
    throw new EventStreamError(
      "event-too-large",
      `Cannot parse event: it is larger than "maxEventSize", which is ${this.#maxEventSize}`,
    );
  }
}

/**
 * Finds the value of a field.
 *
 * @returns Its index, or -1 if the name goes on.
 */
function indexOfValue(
  codes: Uint8Array,
  at: number,
  start: number,
  end: number,
): number {
  if (start === end) return end;
  if (codes[at] !== COLON) return -1;
  // Spec: "If value starts with a U+0020 SPACE character, remove it from value."
  return codes[at + 1] === SPACE ? start + 2 : start + 1;
}

/** Whether the codes at an index are those of a name. Never reads past the line's end. */
function startsWith(codes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    if (codes[at + i] !== name[i]) return false;
  }
  return true;
}

function readHead(head: Uint8Array, text: string, start: number): void {
  for (let i = 0; i < HEAD_LENGTH; i++) {
    const code = text.charCodeAt(start + i);
    // 0x80 stands for all that is not ASCII, and so for nothing that is sought.
    head[i] = code < 0x80 ? code : 0x80;
  }
}

// Quicker than includes() for the length that IDs have.
function hasNull(text: string, from: number, end: number): boolean {
  for (let i = from; i < end; i++) {
    if (text.charCodeAt(i) === 0) return true;
  }
  return false;
}

function indexOrLength(text: string, character: string, from: number): number {
  const index = text.indexOf(character, from);
  return index === -1 ? text.length : index;
}

function indexOfLineEnd(text: string, from: number): number {
  const lf = text.indexOf("\n", from);
  const cr = text.indexOf("\r", from);
  if (lf === -1) return cr;
  return cr === -1 || lf < cr ? lf : cr;
}

function codesOf(name: string): Uint8Array {
  return new TextEncoder().encode(name);
}
