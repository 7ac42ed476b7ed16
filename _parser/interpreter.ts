// Copyright 2026 the Tidings authors. MIT license.

/**
 * Interprets bytes or text as an event stream: the lines, the fields and the dispatch of the
 * standard's section "Interpreting an event stream" (`#event-stream-interpretation`),
 * which is quoted below. The parser, `readEvents()` and the client's connections push chunks.
 *
 * @module
 */

import {
  COLON,
  CR,
  indexOfLineEnd,
  indexOrLength,
  lengthOfName,
  LF,
  SPACE,
} from "./fields.ts";
import { GrowingText } from "./growing_text.ts";
import { ownText } from "../_own_text.ts";
import type { ServerSentEvent } from "../event.ts";
import {
  BLOCK_LENGTH,
  COMPACT_AFTER,
  GATHERED_LENGTH,
  HEAD_LENGTH,
  LARGE_WINDOW_LENGTH,
  LONG_NAME_LENGTH,
  NAME_LENGTH,
  SMALL_LENGTH,
  WIDE_WINDOW_LENGTH,
  WINDOW_LENGTH,
} from "./sizes.ts";

const RETRY_REGEXP = /^retry: ?([0-9]+)$/;

/** The codes at the start of a line for which there are no bytes. */
const NAME_CODES = /* @__PURE__ */ new Uint8Array(NAME_LENGTH);

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

/**
 * Interprets chunks, cut anywhere, as one event stream. Bytes are decoded as windows of text,
 * by the rules of UTF-8 only.
 */
export class Interpreter implements StreamState {
  /** As committed by the last blank line. */
  lastEventId: string;
  /** From the last valid `retry` field, in milliseconds. */
  reconnectionTime: number | undefined;
  /** Set when a callback called `reset()`: what is left of the chunk is dropped. */
  isOver = false;
  /** Whether an event was dispatched. */
  hasEvents = false;
  /** The beginning of the stream: at least `HEAD_LENGTH` code units, or all that has come. */
  head = "";

  readonly #options: InterpreterOptions;
  // The byte order mark is part of the stream's grammar.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  // Whether the decoder keeps the first bytes of an unfinished character.
  #isPartial = false;
  // Chosen by what the last window held.
  #windowLength = WINDOW_LENGTH;
  // Small chunks without a line end that are not decoded yet.
  #gathered: Uint8Array | undefined;
  #gatheredLength = 0;
  // UTF-16 code units since compact() was called, and 1 if it was.
  #received = 0;
  // The standard's data buffer, without the line feed that it adds to each value
  // and then takes from the last one: hence the flag for "not the empty string".
  readonly #data = new GrowingText();
  #hasData = false;
  // The standard's event type buffer.
  #eventType = "";
  // The id field of this block. The standard's last event ID buffer is this, or
  // lastEventId if this is undefined.
  #id: string | undefined;
  // The beginning of a line whose end has not arrived.
  readonly #line = new GrowingText();
  // UTF-16 code units that the data and a line may have: `maxEventSize` less the names that
  // count. Set by #measure().
  #limit = 0;
  // Whether the last line ended in CR: an LF at the start of the next one belongs to it.
  #afterCR = false;

  constructor(options: InterpreterOptions, before: StreamState) {
    this.#options = options;
    // It may point into a window, and stays for as long as the event source does.
    this.lastEventId = ownText(before.lastEventId);
    this.reconnectionTime = before.reconnectionTime;
    this.#measure();
  }

  /** Interprets bytes, or keeps a copy until their line ends or leaves no room. */
  push(chunk: Uint8Array): void {
    const isLarge = chunk.length > SMALL_LENGTH;
    if (isLarge) this.flush();
    const isEnded = isLarge || indexOfLineEnd(chunk, 0) !== -1;
    if (isEnded && this.#gatheredLength === 0) return this.#decode(chunk);
    this.#gathered ??= new Uint8Array(GATHERED_LENGTH);
    // No callback runs in between: what was gathered ends no line.
    if (this.#gatheredLength + chunk.length > GATHERED_LENGTH) this.flush();
    this.#gathered.set(chunk, this.#gatheredLength);
    this.#gatheredLength += chunk.length;
    // What the decoder keeps, at most three bytes, may become code units too.
    if (isEnded || this.#gatheredLength + 3 > this.#room) this.flush();
  }

  /** Interprets the bytes that are left. An unfinished character becomes U+FFFD. */
  finish(): void {
    this.flush();
    if (this.#isPartial) this.interpret(this.#decoder.decode());
    this.#isPartial = false;
  }

  /** Decodes the chunks that were gathered. */
  flush(): void {
    const length = this.#gatheredLength;
    if (length === 0) return;
    this.#gatheredLength = 0;
    // It is there: push() makes it before the length grows.
    this.#decode(this.#gathered!.subarray(0, length));
  }

  #decode(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > this.#windowLength) {
      // Within a long line, to look for its end would cost more than all the rest.
      const isLong = this.#line.length >= WINDOW_LENGTH;
      const next = isLong
        ? LARGE_WINDOW_LENGTH
        : indexOfLineEnd(rest, this.#windowLength) + 1;
      if (next === 0 || next >= rest.length) break;
      this.#decodeWindow(rest.subarray(0, next));
      rest = rest.subarray(next);
    }
    if (rest.length > 0) this.#decodeWindow(rest);
  }

  #decodeWindow(bytes: Uint8Array): void {
    // Only a byte of 0x80 or more can leave a character unfinished. Without `stream`,
    // decode() takes half the time, and still finishes a character of the call before.
    const stream = bytes[bytes.length - 1]! >= 0x80;
    const text = this.#decoder.decode(bytes, stream ? { stream } : undefined);
    // No sequence of bytes decodes to more code units than it has bytes, so equal
    // lengths mean one for one, unless the decoder has kept bytes from before.
    const isAligned = text.length === bytes.length && !this.#isPartial;
    this.#isPartial = stream;
    this.#windowLength = isAligned ? WINDOW_LENGTH : WIDE_WINDOW_LENGTH;
    this.interpret(text, isAligned ? bytes : undefined);
  }

  /**
   * Interprets a window.
   *
   * @param text The text of the window.
   * @param bytes The same as bytes, if an index into one is an index into the other.
   */
  interpret(text: string, bytes?: Uint8Array): void {
    if (this.#received > COMPACT_AFTER) {
      this.#data.compact();
      // An event type and IDs keep a window each at most, and are not copied.
      this.#line.compact();
      this.#received = 1;
    }
    // Spec: "stream = [ bom ] *event". It is three bytes, so that there are no `bytes`.
    const rest = this.#received === 0 ? text.replace(/^\ufeff/, "") : text;
    this.#received += text.length;
    if (this.head.length < HEAD_LENGTH) {
      this.head += ownText(rest.slice(0, HEAD_LENGTH));
    }
    this.#interpretLines(rest, bytes);
  }

  /**
   * The hot loop. It is this long since splitting it costs 10 to 20 % of the decoding
   * (`bench/parser/parser_bench.ts`).
   */
  #interpretLines(text: string, bytes: Uint8Array | undefined): void {
    const length = text.length;
    let start = 0;
    // The next LF and CR from `start` on, the text's length if there is none. Less than
    // `start` if it is not known: to look for it costs as much as to read a field.
    let lf = -1;
    let cr = -1;
    let hasNull: boolean | undefined;
    let isContinued = this.#line.length > 0;
    while (start < length && !this.isOver) {
      const code = bytes === undefined ? text.charCodeAt(start) : bytes[start]!;
      if (code <= CR && (code === LF || code === CR) && !isContinued) {
        start++;
        const isBlank = code === CR || !this.#afterCR;
        this.#afterCR = code === CR;
        // Spec: "If the line is empty (a blank line): Dispatch the event"
        if (isBlank) this.#dispatch();
        continue;
      }
      if (lf < start) lf = indexOrLength(text, "\n", start);
      if (cr < start && cr < lf) cr = indexOrLength(text, "\r", start);
      const isCR = cr < lf;
      const next = isCR ? cr : lf;
      if (next === length) {
        this.#line.append(text.slice(start));
        if (length - start >= BLOCK_LENGTH) this.#line.endBlock();
        if (this.#room < 0) this.#refuse();
        return;
      }
      // To write it for each line would cost 5 % of the lines of comments.
      if (isCR !== this.#afterCR) this.#afterCR = isCR;

      // The line is in `line`, from `begin` to `end`. The name, the colon and the space are
      // read from the bytes where there are any: it is three times as fast as charCodeAt().
      let line = text;
      let begin = start;
      let end = next;
      let codes = bytes;
      let at = start;
      if (isContinued) {
        isContinued = false;
        hasNull = true;
        line = this.#line.take() + text.slice(start, next);
        begin = 0;
        end = line.length;
        codes = undefined;
      }
      start = next + 1;
      if (end - begin > this.#limit - this.#data.length) this.#refuse();
      if (codes === undefined) {
        codes = readNameCodes(line, begin);
        at = 0;
      }
      const name = lengthOfName(codes, at);
      at += name;
      let from = begin + name;
      if (codes[at] === COLON) {
        // Spec: "If value starts with a U+0020 SPACE character, remove it from value."
        from += codes[at + 1] === SPACE ? 2 : 1;
      } else if (from < end) {
        const retry = RETRY_REGEXP.exec(line.slice(begin, end));
        // Spec: "If the field value consists of only ASCII digits, then interpret the
        // field value as an integer in base ten, and set the event stream's
        // reconnection time to that integer. Otherwise, ignore the field."
        if (retry) this.reconnectionTime = Number(retry[1]);
        // Spec: "Otherwise: The field is ignored."
        continue;
      }
      // Spec: "use the whole line as the field name, and the empty string as the
      // field value"
      if (name === 4) {
        // Spec: "Append the field value to the data buffer, then append a
        // single U+000A LINE FEED (LF) character to the data buffer."
        const value = line.slice(from, end);
        this.#data.append(this.#hasData ? "\n" + value : value);
        this.#hasData = true;
      } else if (name === 5) {
        // Spec: "Set the event type buffer to the field value."
        this.#eventType = line.slice(from, end);
        if (end - from >= LONG_NAME_LENGTH) this.#measure();
      } else if (name === 2) {
        // Spec: "If the field value does not contain U+0000 NULL, then set the
        // last event ID buffer to the field value. Otherwise, ignore the field."
        const value = line.slice(from, end);
        hasNull ??= text.includes("\0");
        if (hasNull && value.includes("\0")) continue;
        this.#id = value;
        if (value.length + this.lastEventId.length >= LONG_NAME_LENGTH) {
          this.#measure();
        }
      } else {
        // A comment is the value of a field without a name.
        this.#options.onComment?.(line.slice(from, end));
      }
    }
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
    if (this.#limit < this.#options.maxEventSize) this.#measure();
    // Spec: "If the data buffer is an empty string, set the data buffer and the
    // event type buffer to the empty string and return."
    if (!this.#hasData) return;
    this.#hasData = false;
    this.hasEvents = true;
    this.#options.onEvent({
      event: eventType === "" ? "message" : eventType,
      data: this.#data.take(),
      id,
      lastEventId: this.lastEventId,
    });
  }

  /** UTF-16 code units that the line whose end has not arrived may still grow by. */
  get #room(): number {
    return this.#limit - this.#data.length - this.#line.length;
  }

  /** Counts the names that are kept beside the data and the line. */
  #measure(): void {
    this.#limit = this.#options.maxEventSize;
    for (const name of [this.#eventType, this.#id, this.lastEventId]) {
      const length = name?.length ?? 0;
      if (length >= LONG_NAME_LENGTH) this.#limit -= length;
    }
  }

  #refuse(): never {
    throw this.#options.makeError(
      `Cannot parse event: it is larger than "maxEventSize", which is ${this.#options.maxEventSize}`,
    );
  }
}

/** Reads the codes at the start of a line from the text. */
function readNameCodes(text: string, start: number): Uint8Array {
  for (let i = 0; i < NAME_LENGTH; i++) {
    // After the end of the text there is NaN, which becomes 0.
    NAME_CODES[i] = Math.min(text.charCodeAt(start + i), 0x80);
  }
  return NAME_CODES;
}
