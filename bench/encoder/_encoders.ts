// Copyright 2026 the Tidings authors. MIT license.

/**
 * The encoders, ours and the peers', each used as its own documentation says,
 * behind two interfaces: one event or many to bytes, and a stream of events to bytes.
 */

import { encode } from "eventsource-encoder";
import { STD_HTTP_NAME } from "../parser/_stream_decoders.ts";
import {
  encodeEvent,
  encodeEvents,
  EventStreamEncoderStream,
} from "../../encoder.ts";

/** What is encoded: a member that an event does not have is left out. */
export interface EventInit {
  event?: string;
  data: string;
  id?: string;
}

/** An encoder that is called. */
export interface Encoder {
  name: string;
  /** Encodes the events, in chunks of whatever size the encoder makes. */
  encode(events: readonly EventInit[]): Uint8Array[];
}

/** An encoder that is a stream. */
export interface StreamEncoder {
  name: string;
  open(): TransformStream<EventInit, Uint8Array>;
}

/** Events to a chunk of {@linkcode ENCODE_EVENTS} and its joining peer. */
const BATCH_SIZE = 100;
const TEXT_ENCODER = new TextEncoder();

/** Ours, one event a call. */
export const ENCODE_EVENT: Encoder = {
  name: "encodeEvent",
  encode: (events) => events.map((event) => encodeEvent(event)),
};

/** Ours, many events a call. */
export const ENCODE_EVENTS: Encoder = {
  name: "encodeEvents",
  encode: (events) => batches(events).map((batch) => encodeEvents(batch)),
};

/** eventsource-encoder makes text, so that a TextEncoder stands behind it. */
export const EVENTSOURCE_ENCODER: Encoder = {
  name: "eventsource-encoder",
  encode: (events) => events.map((event) => TEXT_ENCODER.encode(encode(event))),
};

/** eventsource-encoder, its texts joined by hand before they are made bytes. */
export const EVENTSOURCE_ENCODER_JOINED: Encoder = {
  name: "eventsource-encoder, texts joined",
  encode: (events) =>
    batches(events).map((batch) => {
      let text = "";
      for (const event of batch) text += encode(event);
      return TEXT_ENCODER.encode(text);
    }),
};

/** Our stream. */
export const ENCODER_STREAM: StreamEncoder = {
  name: "EventStreamEncoderStream",
  open: () => new EventStreamEncoderStream(),
};

/** eventsource-encoder in the least stream around it. */
export const EVENTSOURCE_ENCODER_STREAM: StreamEncoder = {
  name: "eventsource-encoder",
  open: () =>
    new TransformStream({
      transform(event, controller): void {
        controller.enqueue(TEXT_ENCODER.encode(encode(event)));
      },
    }),
};

/** Loads `@std/http`'s stream: `undefined` where JSR is out of reach. */
export async function loadStdHttpStream(): Promise<StreamEncoder | undefined> {
  // Not a literal, so that type checking does not ask for a package that may be
  // out of reach.
  const specifier: string = "@std/http/server-sent-event-stream";
  try {
    const { ServerSentEventStream } = await import(specifier) as {
      ServerSentEventStream: new () => TransformStream<EventInit, Uint8Array>;
    };
    return { name: STD_HTTP_NAME, open: () => new ServerSentEventStream() };
  } catch {
    return undefined;
  }
}

function batches(events: readonly EventInit[]): EventInit[][] {
  const result: EventInit[][] = [];
  for (let start = 0; start < events.length; start += BATCH_SIZE) {
    result.push(events.slice(start, start + BATCH_SIZE));
  }
  return result;
}
