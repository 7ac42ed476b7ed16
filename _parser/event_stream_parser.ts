// Copyright 2026 the Tidings authors. MIT license.

/**
 * The synchronous parser: its options, their checks, and the state between chunks.
 * `parser.ts` exports it, and builds the iterator and the stream around it.
 *
 * @module
 */

import { assertBytes } from "./assert_bytes.ts";
import { EventStreamError } from "./event_stream_error.ts";
import {
  Interpreter,
  type InterpreterOptions,
  type StreamState,
} from "./interpreter.ts";
import {
  assertRange,
  checkType,
  type OptionTypes,
  readOptions,
} from "./parser_options.ts";
import { DEFAULT_MAX_EVENT_SIZE, LARGE_WINDOW_LENGTH } from "./sizes.ts";
import { ownText } from "../_own_text.ts";
import type { ServerSentEvent } from "../event.ts";

/** Options of {@linkcode EventStreamParser} and {@linkcode EventStreamDecoderStream}. */
export interface EventStreamParserOptions {
  /**
   * How large an event may grow: UTF-16 code units of the line that is being received,
   * of the `data` before it, and of the event type, the ID and the last event ID if they
   * have 1024 or more. The lines of comments and unknown fields count too. Beyond it, an
   * {@linkcode EventStreamError} with the code `"event-too-large"` is thrown. With
   * `Infinity`, the sender can use up all memory.
   *
   * It bounds memory too, however the event is cut into lines and chunks: two bytes for
   * each unit, twice that while a line is joined, and a few MiB. With the default, a
   * stream takes at most 64 MiB of heap, besides the events that were handed out.
   *
   * @default {16777216}
   */
  maxEventSize?: number | undefined;
  /**
   * Called with each comment, without the colon and one space after it: by the parser as
   * soon as its line ends, by `readEvents()` in its place between the events, once the next
   * one is asked for. Servers send comments to keep a connection open.
   */
  onComment?: ((comment: string) => void) | undefined;
  /**
   * The last event ID to begin with, as when a stream is resumed.
   *
   * @default {""}
   */
  lastEventId?: string | undefined;
}

const VERB = "create parser";

/** What each of {@linkcode EventStreamParserOptions} has to be. */
export const PARSER_OPTIONS: OptionTypes<EventStreamParserOptions> = {
  maxEventSize: "a number",
  onComment: "a function",
  lastEventId: "a string",
};

/** The options with their defaults, for an {@linkcode Interpreter} and its first stream. */
type ParserSettings = Omit<InterpreterOptions, "onEvent"> & StreamState;

/**
 * Reads options that are those of a parser, or more.
 *
 * @param verb What fails otherwise.
 * @param options The options.
 * @param types What each of them has to be.
 * @throws {TypeError} If an option is unknown or of the wrong type.
 * @throws {RangeError} If `maxEventSize` is out of its range.
 */
export function readParserOptions<Options extends EventStreamParserOptions>(
  verb: string,
  options: Options,
  types: OptionTypes<Options>,
): Options & ParserSettings {
  const read = readOptions(verb, options, types, checkType);
  const { maxEventSize = DEFAULT_MAX_EVENT_SIZE, lastEventId = "" } = read;
  assertRange(
    verb,
    "maxEventSize",
    maxEventSize,
    "a positive integer or Infinity",
    maxEventSize > 0 && !(maxEventSize % 1),
  );
  const makeError = (message: string): Error =>
    new EventStreamError("event-too-large", message);
  return { ...read, maxEventSize, lastEventId, makeError };
}

/**
 * The synchronous core: chunks in, events out before `push` returns.
 *
 * It outlives a connection as the standard's event source does:
 * {@linkcode EventStreamParser.reset} begins a new stream and keeps the last event
 * ID and the reconnection time.
 *
 * @example Chunks may be cut anywhere
 * ```ts
 * import { EventStreamParser } from "@tidings/sse/parser";
 * import { assertEquals } from "@std/assert";
 *
 * const data: string[] = [];
 * const parser = new EventStreamParser((event) => data.push(event.data));
 *
 * parser.push("id: 7\nda");
 * parser.push("ta: first\n\nid: 8\ndata: unfinis");
 *
 * assertEquals(data, ["first"]);
 * assertEquals(parser.lastEventId, "7");
 * ```
 */
export class EventStreamParser {
  readonly #options: InterpreterOptions;
  // Of one stream.
  #interpreter: Interpreter;
  // Set while push() runs, and still set after it has thrown. Cleared by reset().
  #pushing = false;

  /**
   * Makes a parser at the start of a stream.
   *
   * @param onEvent Called with each event, in order. It may call `reset()`, which
   * drops the rest of the chunk. If it throws, `push` throws the same.
   * @param options The limit of an event, a callback for comments, and the last event ID.
   * @throws {TypeError} If `onEvent` is not a function or an option is unknown or of the
   * wrong type.
   * @throws {RangeError} If `maxEventSize` is not an integer of at least 1 or
   * `Infinity`.
   */
  constructor(
    onEvent: (event: ServerSentEvent) => void,
    options: EventStreamParserOptions = {},
  ) {
    const read = readParserOptions(VERB, options, PARSER_OPTIONS);
    checkType(VERB, "onEvent", onEvent, "a function");
    this.#options = { ...read, onEvent };
    this.#interpreter = new Interpreter(this.#options, read);
  }

  /**
   * The stream's last event ID: what a request that resumes it sends as
   * `Last-Event-ID`. It changes at the blank line that ends a block, so an event
   * that was cut off never moves it.
   *
   * @returns The last event ID, empty if there is none.
   */
  get lastEventId(): string {
    return this.#interpreter.lastEventId;
  }

  /**
   * The stream's reconnection time from its last valid `retry` field, as it was sent. It
   * may be longer than a timer can hold, and is `Infinity` beyond what a number can.
   *
   * @returns Milliseconds, `undefined` if no `retry` field was received.
   */
  get reconnectionTime(): number | undefined {
    return this.#interpreter.reconnectionTime;
  }

  /**
   * Parses a chunk and calls back for each event that it completes. The caller may
   * change the chunk after that.
   *
   * @example Bytes or text
   * ```ts
   * import { EventStreamParser } from "@tidings/sse/parser";
   * import { assertEquals } from "@std/assert";
   *
   * const data: string[] = [];
   * const parser = new EventStreamParser((event) => data.push(event.data));
   *
   * parser.push(new Uint8Array([0x64, 0x61, 0x74, 0x61, 0x3a, 0xe2, 0x82]));
   * parser.push(new Uint8Array([0xac, 0x0a, 0x0a]));
   * parser.push("data: text\n\n");
   *
   * assertEquals(data, ["€", "text"]);
   * ```
   *
   * @param chunk UTF-8, which may be cut anywhere, or text. A byte order mark is
   * dropped at the start of the stream in both.
   * @throws {EventStreamError} If an event grows beyond `maxEventSize`.
   * @throws {TypeError} If the chunk is of another type, or if an earlier call has
   * thrown or has not returned yet, and `reset()` was not called since.
   */
  push(chunk: Uint8Array | string): void {
    const isText = typeof chunk === "string";
    if (!isText) assertBytes("push chunk", chunk, "a Uint8Array or a string");
    if (this.#pushing) {
      throw new TypeError(
        "Cannot push chunk: an earlier call has not returned",
      );
    }
    this.#pushing = true;
    if (isText) this.#pushText(chunk);
    else this.#interpreter.push(chunk);
    this.#pushing = false;
  }

  /**
   * Begins a new stream: drops an unfinished event, and keeps `lastEventId` and
   * `reconnectionTime`. In a callback it also drops the rest of the chunk. After an error
   * it makes the parser usable again.
   *
   * @example After a dropped connection
   * ```ts
   * import { EventStreamParser } from "@tidings/sse/parser";
   * import { assertEquals } from "@std/assert";
   *
   * const ids: string[] = [];
   * const parser = new EventStreamParser((event) => ids.push(event.lastEventId));
   *
   * parser.push("id: 1\ndata: a\n\nid: 2\ndata: cut o");
   * parser.reset();
   * parser.push("data: b\n\n");
   *
   * assertEquals(ids, ["1", "1"]);
   * ```
   */
  reset(): void {
    this.#pushing = false;
    const before = this.#interpreter;
    before.isOver = true;
    this.#interpreter = new Interpreter(this.#options, before);
  }

  #pushText(text: string): void {
    // A callback may call reset(), which drops the rest.
    const interpreter = this.#interpreter;
    interpreter.finish();
    for (let at = 0; at < text.length; at += LARGE_WINDOW_LENGTH) {
      const window = text.slice(at, at + LARGE_WINDOW_LENGTH);
      // An event type or an ID, which is not copied, would keep all of a large text.
      interpreter.interpret(window === text ? text : ownText(window));
    }
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "EventStreamParser";
  }
}
