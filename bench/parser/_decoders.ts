// Copyright 2026 the Tidings authors. MIT license.

/**
 * The decoders that are pushed, ours and the peers', each used as its own
 * documentation says, behind one interface: bytes in, `onEvent` out.
 */

import { createParser } from "eventsource-parser";
import { EventStreamParser } from "../../parser.ts";

/** What a decoder gives for one event: absent types and ids differ from peer to peer. */
export interface DecodedEvent {
  event?: string | null | undefined;
  data: string;
  id?: string | undefined;
}

/** A decoder that is pushed: it calls back for the events of one stream. */
export interface Decoder {
  name: string;
  /** Whether events carry the `id` field, so that it can be compared. */
  hasId: boolean;
  /** Begins a stream and returns what takes its chunks. */
  open(onEvent: (event: DecodedEvent) => void): (chunk: Uint8Array) => void;
}

/** Our own synchronous decoder. */
export const OURS: Decoder = {
  name: "EventStreamParser",
  hasId: true,
  open(onEvent) {
    const parser = new EventStreamParser(onEvent);
    return (chunk) => parser.push(chunk);
  },
};

/** eventsource-parser takes text, so that a streaming TextDecoder stands in front. */
export const EVENTSOURCE_PARSER: Decoder = {
  name: "eventsource-parser",
  hasId: true,
  open(onEvent) {
    const decoder = new TextDecoder();
    const parser = createParser({ onEvent });
    return (chunk) => parser.feed(decoder.decode(chunk, { stream: true }));
  },
};

/** The line decoder inside the OpenAI SDK. */
interface LineDecoder {
  decode(chunk: Uint8Array): string[];
}

// The SDK exports only the whole asynchronous decoder. Its line decoder, which does
// the work and can be pushed, has to be fetched by its path.
const { LineDecoder } = await import(
  new URL("../node_modules/openai/internal/decoders/line.mjs", import.meta.url)
    .href
) as { LineDecoder: new () => LineDecoder };

/**
 * The OpenAI SDK's line decoder, with the least that makes events of its lines (the
 * SDK knows `event` and `data` only).
 */
export const OPENAI: Decoder = {
  name: "openai",
  hasId: false,
  open(onEvent) {
    const decoder = new LineDecoder();
    let event: string | undefined;
    let data: string | undefined;
    return (chunk) => {
      for (const line of decoder.decode(chunk)) {
        if (line === "") {
          if (data !== undefined) onEvent({ event, data });
          event = data = undefined;
        } else if (line.startsWith("data: ")) {
          const value = line.slice(6);
          data = data === undefined ? value : data + "\n" + value;
        } else if (line.startsWith("event: ")) {
          event = line.slice(7);
        }
      }
    };
  },
};
