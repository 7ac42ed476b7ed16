// Copyright 2026 the Tidings authors. MIT license.

/**
 * Text to events: the lines, the fields and the dispatch of the standard's
 * section "Interpreting an event stream" (`#event-stream-interpretation`), which
 * is quoted below.
 */

import { ownText } from "../_own_text.ts";
import { EventStreamError } from "./event_stream_error.ts";
import { indexOfValue, isData, isEvent, isId } from "./fields.ts";
import { BLOCK_LENGTH, GrowingText } from "./growing_text.ts";
import type { ServerSentEvent } from "../event.ts";

const LF = 0x0a;
const CR = 0x0d;
const BOM = 0xfeff;

// An event type, an id and a last event ID count towards `maxEventSize` from this length
// on. To count each one costs 3 % of the decoding of small events.
const LONG_NAME_LENGTH = 1024;

// The longest name that the hot loop reads, "event", its colon and its space.
const HEAD_LENGTH = 7;

const RETRY_REGEXP = /^retry: ?([0-9]+)$/;

/** What timers can hold, in milliseconds: beyond it they fire at once. */
const MAX_DELAY = 2 ** 31 - 1;

/** How large an event may grow, in UTF-16 code units, unless somebody says otherwise. */
export const DEFAULT_MAX_EVENT_SIZE = 16 * 1024 * 1024;

/** Where events and comments go, and what is allowed. */
export interface InterpreterOptions {
  onEvent: (event: ServerSentEvent) => void;
  onComment?: ((comment: string) => void) | undefined;
  maxEventSize: number;
  lastEventId: string;
}

/** Interprets windows of text, cut anywhere, as an event stream. */
export class Interpreter {
  /** As committed by the last blank line. */
  lastEventId: string;
  /** From the last valid `retry` field, in milliseconds. */
  reconnectionTime: number | undefined;

  readonly #options: InterpreterOptions;
  // The standard's data buffer, without the line feed that it adds to each value
  // and then takes from the last one: hence the flag for "not the empty string".
  #data = "";
  #hasData = false;
  // What was in the data buffer when what is kept was copied last; #data goes on there.
  #dataBefore: GrowingText | undefined;
  // The standard's event type buffer.
  #eventType = "";
  // The block's own id field; the standard's last event ID buffer is this, or
  // lastEventId where this is undefined.
  #id: string | undefined;
  // The beginning of a line whose end has not arrived.
  #line = "";
  // The beginning of a line that is longer than a window; #line goes on there.
  #lineBefore: GrowingText | undefined;
  // UTF-16 code units that #data and a line may have: what `maxEventSize` leaves beside
  // #dataBefore and long names.
  #limit: number;
  // Takes an event: `onEvent`, or #emitLarge while there is #dataBefore or a long name.
  #emit: (event: ServerSentEvent) => void;
  // UTF-16 code units that came since names were copied.
  #receivedSinceNames = 0;
  // Set when a window ended in CR: an LF that begins the next one belongs to it.
  #afterCR = false;
  #atStart = true;
  // Counts the streams, so that a loop notices a reset() by a callback.
  #stream = 0;
  readonly #head = new Uint8Array(HEAD_LENGTH);

  constructor(options: InterpreterOptions) {
    this.#options = options;
    this.lastEventId = options.lastEventId;
    this.#limit = options.maxEventSize;
    this.#emit = options.onEvent;
    this.#countNames();
  }

  /** UTF-16 code units of the line whose end has not arrived. */
  get lineLength(): number {
    return (this.#lineBefore?.length ?? 0) + this.#line.length;
  }

  /** UTF-16 code units that this line may still grow by. */
  get room(): number {
    return this.#limit - this.#data.length - this.lineLength;
  }

  /** Begins a new stream of the same event source. */
  reset(): void {
    this.#stream++;
    this.#data = "";
    this.#dataBefore = undefined;
    this.#hasData = false;
    this.#eventType = "";
    this.#id = undefined;
    this.#line = "";
    this.#lineBefore = undefined;
    this.lastEventId = ownText(this.lastEventId);
    this.#countNames();
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
  interpret(text: string, bytes?: Uint8Array): boolean {
    let start = 0;
    let lf = -1;
    let cr = -1;
    if (this.#atStart) {
      this.#atStart = text === "";
      // Spec: "stream = [ bom ] *event"
      if (text.charCodeAt(0) === BOM) start = 1;
    } else if (this.#line !== "" || this.#lineBefore !== undefined) {
      lf = indexOrLength(text, "\n", 0);
      cr = indexOrLength(text, "\r", 0);
      const end = Math.min(lf, cr);
      if (end === text.length) {
        this.#carryOn(text);
        return true;
      }
      const length = this.lineLength;
      const line = this.#takeLine() + text.slice(0, end + 1);
      if (
        !this.#interpretLines(line, undefined, 0, length + lf, length + cr)
      ) return false;
      start = end + 1;
    }
    if (this.#afterCR && start < text.length) {
      this.#afterCR = false;
      if (text.charCodeAt(start) === LF) start++;
    }
    return this.#interpretLines(text, bytes, start, lf, cr);
  }

  /**
   * The hot loop. Splitting it costs 10 to 20 % of the decoding, which is why it
   * is this long (`bench/parser/parser_bench.ts`).
   *
   * @param lf The next LF from `start`, the text's length if there is none. Less
   * than `start` if it has to be looked for, which costs as much as reading a field.
   * @param cr The same for CR.
   */
  #interpretLines(
    text: string,
    bytes: Uint8Array | undefined,
    start: number,
    lf: number,
    cr: number,
  ): boolean {
    const stream = this.#stream;
    const length = text.length;
    // Whether there is a NULL at all, looked for only when an id field comes.
    let hasNull: boolean | undefined;
    while (start < length) {
      const code = bytes === undefined ? text.charCodeAt(start) : bytes[start]!;
      if (code <= CR && (code === LF || code === CR)) {
        // Spec: "If the line is empty (a blank line): Dispatch the event"
        start = code === LF ? start + 1 : this.#passCR(text, start);
        this.#dispatch();
        if (stream !== this.#stream) return false;
        continue;
      }
      if (lf < start) lf = indexOrLength(text, "\n", start);
      let end = lf;
      let next = lf + 1;
      if (cr < lf) {
        if (cr < start) cr = indexOrLength(text, "\r", start);
        if (cr < lf) {
          end = cr;
          next = this.#passCR(text, cr);
        }
      }
      if (end === length) {
        this.#carry(text.slice(start));
        return true;
      }
      if (end - start > this.#limit - this.#data.length) this.#refuse();

      // Names, the colon and the space are read from the bytes, where that is
      // possible: it is three times as quick as charCodeAt().
      let codes = bytes;
      let at = start;
      if (codes === undefined) {
        codes = this.#readHead(text, start);
        at = 0;
      }
      if (code === 0x64 && isData(codes, at)) {
        const from = indexOfValue(codes, at + 4, start + 4, end);
        if (from !== -1) {
          // Spec: "Append the field value to the data buffer, then append a
          // single U+000A LINE FEED (LF) character to the data buffer."
          const value = text.slice(from, end);
          this.#data = this.#hasData ? this.#data + "\n" + value : value;
          this.#hasData = true;
        }
      } else if (code === 0x65 && isEvent(codes, at)) {
        const from = indexOfValue(codes, at + 5, start + 5, end);
        // Spec: "Set the event type buffer to the field value."
        if (from !== -1) {
          this.#eventType = text.slice(from, end);
          if (end - from >= LONG_NAME_LENGTH) this.#countNames();
        }
      } else if (code === 0x69 && isId(codes, at)) {
        const from = indexOfValue(codes, at + 2, start + 2, end);
        if (from !== -1) {
          // Spec: "If the field value does not contain U+0000 NULL, then set the
          // last event ID buffer to the field value. Otherwise, ignore the field."
          const value = text.slice(from, end);
          hasNull ??= text.includes("\0");
          if (!hasNull || !value.includes("\0")) {
            this.#id = value;
            if (value.length + this.lastEventId.length >= LONG_NAME_LENGTH) {
              this.#countNames();
            }
          }
        }
      } else {
        // A comment is the value of a field without a name.
        const from = indexOfValue(codes, at, start, end);
        if (from === -1) this.#processRetry(text.slice(start, end));
        else this.#options.onComment?.(text.slice(from, end));
        if (stream !== this.#stream) return false;
      }
      start = next;
    }
    return true;
  }

  /** Passes a CR and the LF that belongs to it, if that is there already. */
  #passCR(text: string, cr: number): number {
    const next = cr + 1;
    if (next === text.length) this.#afterCR = true;
    return text.charCodeAt(next) === LF ? next + 1 : next;
  }

  #dispatch(): void {
    const id = this.#id;
    const eventType = this.#eventType;
    // Spec: "Set the last event ID string of the event source to the value of the
    // last event ID buffer."
    if (id !== undefined) {
      this.lastEventId = id;
      this.#id = undefined;
    }
    this.#eventType = "";
    // Spec: "If the data buffer is an empty string, set the data buffer and the
    // event type buffer to the empty string and return."
    if (!this.#hasData) {
      if (this.#emit === this.#emitLarge) this.#countNames();
      return;
    }
    const data = this.#data;
    this.#data = "";
    this.#hasData = false;
    this.#emit({
      event: eventType === "" ? "message" : eventType,
      data,
      id,
      lastEventId: this.lastEventId,
    });
  }

  #processRetry(line: string): void {
    const retry = RETRY_REGEXP.exec(line);
    // Spec: "If the field value consists of only ASCII digits, then interpret the
    // field value as an integer in base ten, and set the event stream's
    // reconnection time to that integer. Otherwise, ignore the field."
    if (retry !== null) {
      this.reconnectionTime = Math.min(Number(retry[1]), MAX_DELAY);
    }
    // Spec: "Otherwise: The field is ignored."
  }

  /** The codes that a line begins with, where the bytes cannot show them. */
  #readHead(text: string, start: number): Uint8Array {
    const head = this.#head;
    for (let i = 0; i < HEAD_LENGTH; i++) {
      // Beyond the end there is NaN, which becomes 0.
      head[i] = Math.min(text.charCodeAt(start + i), 0x80);
    }
    return head;
  }

  /** Keeps the beginning of a line. */
  #carry(line: string): void {
    this.#line = line;
    if (this.room < 0) this.#refuse();
  }

  /** Keeps a whole window of a line. */
  #carryOn(text: string): void {
    if (text.length < BLOCK_LENGTH) {
      this.#line += text;
    } else {
      this.#putLineBefore();
      this.#lineBefore ??= new GrowingText();
      this.#lineBefore.appendBlock(text);
    }
    if (this.room < 0) this.#refuse();
  }

  #putLineBefore(): void {
    if (this.#line === "") return;
    this.#lineBefore ??= new GrowingText();
    this.#lineBefore.append(this.#line);
    this.#line = "";
  }

  #takeLine(): string {
    const line = this.#lineBefore === undefined
      ? this.#line
      : this.#lineBefore + this.#line;
    this.#line = "";
    this.#lineBefore = undefined;
    return line;
  }

  /** Hands out an event with the data that is not in #data, and counts what is left. */
  readonly #emitLarge = (event: ServerSentEvent): void => {
    if (this.#dataBefore !== undefined) {
      event.data = this.#dataBefore + event.data;
      this.#dataBefore = undefined;
    }
    this.#countNames();
    this.#options.onEvent(event);
  };

  /** Counts what is kept, but for #data. */
  #countNames(): void {
    const { maxEventSize, onEvent } = this.#options;
    let size = this.#dataBefore?.length ?? 0;
    for (const name of [this.#eventType, this.#id, this.lastEventId]) {
      const length = name?.length ?? 0;
      if (length >= LONG_NAME_LENGTH) size += length;
    }
    this.#limit = maxEventSize - size;
    this.#emit = size === 0 ? onEvent : this.#emitLarge;
  }

  /**
   * Copies what is kept, so that it takes the memory of its characters only.
   *
   * @param received UTF-16 code units of the windows since the last call.
   */
  compact(received: number): void {
    this.#receivedSinceNames += received;
    if (this.#data !== "") {
      this.#dataBefore ??= new GrowingText();
      this.#dataBefore.append(this.#data);
      this.#limit -= this.#data.length;
      this.#emit = this.#emitLarge;
      this.#data = "";
    }
    this.#putLineBefore();
    const id = this.#id ?? "";
    const names = this.#eventType.length + id.length + this.lastEventId.length;
    // An ID of 16 MiB, copied once for each 64 KiB, would take quadratic time.
    if (this.#receivedSinceNames < names) return;
    this.#receivedSinceNames = 0;
    this.#eventType = ownText(this.#eventType);
    this.#id = this.#id && ownText(id);
    this.lastEventId = ownText(this.lastEventId);
  }

  #refuse(): never {
    throw new EventStreamError(
      "event-too-large",
      `Cannot parse event: it is larger than "maxEventSize", which is ${this.#options.maxEventSize}`,
    );
  }
}

function indexOrLength(text: string, character: string, from: number): number {
  const index = text.indexOf(character, from);
  return index === -1 ? text.length : index;
}
