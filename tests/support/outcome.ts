// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a stream came to: the one shape in which the table, the model and the
 * parser are compared.
 */

import type { ServerSentEvent } from "../../event.ts";
import {
  EventStreamParser,
  type EventStreamParserOptions,
} from "../../parser.ts";

/** All that can be seen of a stream once it has been read. */
export interface Outcome {
  events: ServerSentEvent[];
  comments: string[];
  lastEventId: string;
  reconnectionTime: number | undefined;
}

/** An event with the members that matter; the others are those of a bare `data` field. */
export function eventOf(members: Partial<ServerSentEvent>): ServerSentEvent {
  const { event = "message", data = "", id, lastEventId = id ?? "" } = members;
  return { event, data, id, lastEventId };
}

/** An outcome of which only what matters is written down. */
export function outcomeOf(
  events: Partial<ServerSentEvent>[],
  state: Partial<Omit<Outcome, "events">> = {},
): Outcome {
  const all = events.map(eventOf);
  return {
    events: all,
    comments: state.comments ?? [],
    lastEventId: state.lastEventId ?? all.at(-1)?.lastEventId ?? "",
    reconnectionTime: state.reconnectionTime,
  };
}

/** A parser together with what it has called back so far. */
export class RecordingParser extends EventStreamParser {
  readonly #events: ServerSentEvent[];
  readonly #comments: string[];

  constructor(options: EventStreamParserOptions = {}) {
    const events: ServerSentEvent[] = [];
    const comments: string[] = [];
    super((event) => void events.push(event), {
      ...options,
      onComment: (comment) => void comments.push(comment),
    });
    this.#events = events;
    this.#comments = comments;
  }

  /** All that can be seen of the stream up to now. */
  get outcome(): Outcome {
    return {
      events: this.#events,
      comments: this.#comments,
      lastEventId: this.lastEventId,
      reconnectionTime: this.reconnectionTime,
    };
  }

  /** The `data` of the events up to now. */
  get data(): string[] {
    return this.#events.map((event) => event.data);
  }

  /**
   * Pushes chunks one after the other. Bytes are pushed in a buffer that is
   * overwritten at once, as a caller may do.
   */
  pushAll(chunks: Iterable<Uint8Array | string>): this {
    for (const chunk of chunks) {
      const own = chunk.slice();
      this.push(own);
      if (typeof own !== "string") own.fill(0x0a);
    }
    return this;
  }
}

/** Whole, one by one, and every split in two. */
export function* everyCut<T extends Uint8Array | string>(
  input: T,
): Generator<{ name: string; chunks: T[] }> {
  yield { name: "whole", chunks: [input] };
  yield { name: "one by one", chunks: singles(input) };
  for (let at = 1; at < input.length; at++) {
    const chunks = [input.slice(0, at) as T, input.slice(at) as T];
    yield { name: `cut at ${at}`, chunks };
  }
}

/** Chunks of one byte or one UTF-16 code unit. */
export function singles<T extends Uint8Array | string>(input: T): T[] {
  return Array.from(
    { length: input.length },
    (_, at) => input.slice(at, at + 1) as T,
  );
}
