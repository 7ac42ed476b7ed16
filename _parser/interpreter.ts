// Copyright 2026 the Tidings authors. MIT license.

/**
 * Interprets text as an event stream: the lines, the fields and the dispatch of the
 * standard's section "Interpreting an event stream" (`#event-stream-interpretation`),
 * which is quoted below. `EventStreamParser` calls it with windows of decoded text.
 *
 * @module
 */

import { CR, indexOfValue, lengthOfName, LF } from "./fields.ts";
import { GrowingText } from "./growing_text.ts";
import { ownText } from "../_own_text.ts";
import type { ServerSentEvent } from "../event.ts";
import { BOM, LONG_NAME_LENGTH, NAME_LENGTH } from "./sizes.ts";

const RETRY_REGEXP = /^retry: ?([0-9]+)$/;

/** Options of {@linkcode Interpreter}, with the defaults filled in. */
export interface InterpreterOptions {
  onEvent: (event: ServerSentEvent) => void;
  onComment?: ((comment: string) => void) | undefined;
  maxEventSize: number;
  /** Makes the error for an event that is too large. */
  makeError: (message: string) => Error;
}

/** What one stream of an event source leaves to the next. */
export interface StreamState {
  lastEventId: string;
  reconnectionTime?: number | undefined;
}

/** Interprets windows of text, cut anywhere, as one event stream. */
export class Interpreter implements StreamState {
  /** As committed by the last blank line. */
  lastEventId: string;
  /** From the last valid `retry` field, in milliseconds. */
  reconnectionTime: number | undefined;
  /** Set when a callback called `reset()`: what is left of the window is dropped. */
  isOver = false;
  /** Whether an event was dispatched. */
  hasEvents = false;

  readonly #options: InterpreterOptions;
  // The standard's data buffer, without the line feed that it adds to each value
  // and then takes from the last one: hence the flag for "not the empty string".
  #data = "";
  #hasData = false;
  // The beginning of the data buffer, moved here by compact(); #data is the rest.
  readonly #dataBefore = new GrowingText();
  // The standard's event type buffer.
  #eventType = "";
  // The id field of this block. The standard's last event ID buffer is this, or
  // lastEventId if this is undefined.
  #id: string | undefined;
  // The beginning of a line whose end has not arrived.
  readonly #line = new GrowingText();
  // UTF-16 code units that #data and a line may have: `maxEventSize` less #dataBefore and
  // the names that count. Set by #measure().
  #limit = 0;
  // Whether #dataBefore or a name counts, so that #limit grows when they go.
  #isLarge = false;
  // Set when a window ended in CR: an LF at the start of the next one belongs to it.
  #afterCR = false;
  // Whether nothing of the stream has arrived. Cleared by the first character.
  #atStart = true;
  readonly #head = new Uint8Array(NAME_LENGTH);

  constructor(options: InterpreterOptions, before: StreamState) {
    this.#options = options;
    // It may point into a window, and stays for as long as the event source does.
    this.lastEventId = ownText(before.lastEventId);
    this.reconnectionTime = before.reconnectionTime;
    this.#measure();
  }

  /** UTF-16 code units of the line whose end has not arrived. */
  get lineLength(): number {
    return this.#line.length;
  }

  /** UTF-16 code units that this line may still grow by. */
  get room(): number {
    return this.#limit - this.#data.length - this.lineLength;
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
    } else if (this.lineLength > 0) {
      lf = indexOrLength(text, "\n", 0);
      cr = indexOrLength(text, "\r", 0);
      const end = Math.min(lf, cr);
      if (end === text.length) return this.#carry(text);
      const length = this.lineLength;
      const line = this.#line.take() + text.slice(0, end + 1);
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
   * The hot loop. It is this long since splitting it costs 10 to 20 % of the decoding
   * (`bench/parser/parser_bench.ts`).
   *
   * @param lf The index of the next LF from `start` on, the text's length if there is
   * none. Less than `start` if it is not known: to look for it costs as much as to read
   * a field.
   * @param cr The same for CR.
   */
  #interpretLines(
    text: string,
    bytes: Uint8Array | undefined,
    start: number,
    lf: number,
    cr: number,
  ): boolean {
    const length = text.length;
    // Whether there is a NULL at all, looked for only when an id field comes.
    let hasNull: boolean | undefined;
    while (start < length) {
      const code = bytes === undefined ? text.charCodeAt(start) : bytes[start]!;
      if (code <= CR && (code === LF || code === CR)) {
        // Spec: "If the line is empty (a blank line): Dispatch the event"
        start = code === LF ? start + 1 : this.#passCR(text, start);
        this.#dispatch();
        if (this.isOver) return false;
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
      if (end === length) return this.#carry(text.slice(start));
      if (end - start > this.#limit - this.#data.length) this.#refuse();

      // The name, the colon and the space are read from the bytes where there are any:
      // it is three times as fast as charCodeAt().
      let codes = bytes;
      let at = start;
      if (codes === undefined) {
        codes = this.#readHead(text, start);
        at = 0;
      }
      const name = lengthOfName(codes, at);
      const from = indexOfValue(codes, at + name, start + name, end);
      if (from === -1) {
        this.#processRetry(text.slice(start, end));
      } else if (name === 4) {
        // Spec: "Append the field value to the data buffer, then append a
        // single U+000A LINE FEED (LF) character to the data buffer."
        const value = text.slice(from, end);
        this.#data = this.#hasData ? this.#data + "\n" + value : value;
        this.#hasData = true;
      } else if (name === 5) {
        // Spec: "Set the event type buffer to the field value."
        this.#eventType = text.slice(from, end);
        if (end - from >= LONG_NAME_LENGTH) this.#measure();
      } else if (name === 2) {
        // Spec: "If the field value does not contain U+0000 NULL, then set the
        // last event ID buffer to the field value. Otherwise, ignore the field."
        const value = text.slice(from, end);
        hasNull ??= text.includes("\0");
        if (!hasNull || !value.includes("\0")) {
          this.#id = value;
          if (value.length + this.lastEventId.length >= LONG_NAME_LENGTH) {
            this.#measure();
          }
        }
      } else {
        // A comment is the value of a field without a name.
        this.#options.onComment?.(text.slice(from, end));
        if (this.isOver) return false;
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
    const hasData = this.#hasData;
    let data = this.#data;
    this.#data = "";
    this.#hasData = false;
    if (this.#isLarge) {
      data = this.#dataBefore.take() + data;
      this.#measure();
    }
    // Spec: "If the data buffer is an empty string, set the data buffer and the
    // event type buffer to the empty string and return."
    if (!hasData) return;
    this.hasEvents = true;
    this.#options.onEvent({
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
      this.reconnectionTime = Number(retry[1]);
    }
    // Spec: "Otherwise: The field is ignored."
  }

  /** Reads the codes at the start of a line, where there are no bytes for them. */
  #readHead(text: string, start: number): Uint8Array {
    const head = this.#head;
    for (let i = 0; i < NAME_LENGTH; i++) {
      // After the end of the text there is NaN, which becomes 0.
      head[i] = Math.min(text.charCodeAt(start + i), 0x80);
    }
    return head;
  }

  /** Keeps a part of a line, whose end has not arrived. */
  #carry(text: string): true {
    this.#line.append(text);
    if (this.room < 0) this.#refuse();
    return true;
  }

  /** Counts what is kept beside #data and the line. */
  #measure(): void {
    let size = this.#dataBefore.length;
    for (const name of [this.#eventType, this.#id, this.lastEventId]) {
      const length = name?.length ?? 0;
      if (length >= LONG_NAME_LENGTH) size += length;
    }
    this.#limit = this.#options.maxEventSize - size;
    this.#isLarge = size > 0;
  }

  /**
   * Copies the data and the line, so that they take the memory of their characters only.
   * An event type and IDs keep a window each at most, and are not copied.
   */
  compact(): void {
    this.#dataBefore.compact(this.#data);
    this.#data = "";
    this.#line.compact("");
    this.#measure();
  }

  #refuse(): never {
    throw this.#options.makeError(
      `Cannot parse event: it is larger than "maxEventSize", which is ${this.#options.maxEventSize}`,
    );
  }
}

function indexOrLength(text: string, character: string, from: number): number {
  const index = text.indexOf(character, from);
  return index === -1 ? text.length : index;
}
