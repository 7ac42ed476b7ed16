// Copyright 2026 the Tidings authors. MIT license.

/**
 * The decoders that are iterated, ours and the peers', each used as its own
 * documentation says, behind one interface: a stream of bytes in, events out.
 */

import { EventSourceParserStream } from "eventsource-parser/stream";
import { _iterSSEMessages } from "openai/core/streaming";
import { EventStreamDecoderStream, readEvents } from "../../parser.ts";
import type { DecodedEvent } from "./_decoders.ts";

/** A decoder that is iterated. */
export interface StreamDecoder {
  name: string;
  /** Whether events carry the `id` field, so that it can be compared. */
  hasId: boolean;
  decode(
    source: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): AsyncIterable<DecodedEvent>;
}

/** Our quick way. */
export const READ_EVENTS: StreamDecoder = {
  name: "readEvents",
  hasId: true,
  decode: (source) => readEvents(source),
};

/** Our stream. */
export const DECODER_STREAM: StreamDecoder = {
  name: "EventStreamDecoderStream",
  hasId: true,
  decode: (source) => source.pipeThrough(new EventStreamDecoderStream()),
};

/** eventsource-parser's stream takes text, so that a TextDecoderStream stands in front. */
export const EVENTSOURCE_PARSER_STREAM: StreamDecoder = {
  name: "eventsource-parser",
  hasId: true,
  decode: (source) =>
    source.pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream()),
};

/** The name of the peer that JSR has. */
export const STD_HTTP_NAME = "@std/http";

/** Loads `@std/http`'s stream: `undefined` where JSR is out of reach. */
export async function loadStdHttpDecoder(): Promise<
  StreamDecoder | undefined
> {
  // Not a literal, so that type checking does not ask for a package that may be
  // out of reach.
  const specifier: string = "@std/http/server-sent-event-parse-stream";
  try {
    const { ServerSentEventParseStream } = await import(specifier) as {
      ServerSentEventParseStream: new (
        options: { ignoreComments: boolean },
      ) => TransformStream<Uint8Array, DecodedEvent>;
    };
    return {
      name: STD_HTTP_NAME,
      hasId: true,
      decode: (source) =>
        source.pipeThrough(
          new ServerSentEventParseStream({ ignoreComments: true }),
        ),
    };
  } catch {
    return undefined;
  }
}

/** What the OpenAI SDK iterates a response with. */
export const OPENAI_STREAM: StreamDecoder = {
  name: "openai",
  hasId: false,
  decode: (source) =>
    _iterSSEMessages(new Response(source), new AbortController()),
};
