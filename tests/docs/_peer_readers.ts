// Copyright 2026 the Tidings authors. MIT license.

/** What reads event streams, ours and the peers, each used as its own README does. */

import { fetchEventSource } from "npm:@microsoft/fetch-event-source@2.0.1";
import { createEventSource } from "npm:eventsource-client@1.2.0";
import { EventSource } from "npm:eventsource@5.1.5";
import { EventSourceParserStream } from "npm:eventsource-parser@4.1.3/stream";
import { connect } from "../../client.ts";

// Not a literal, since the module is not there where JSR is out of reach.
const STD_HTTP: string = "@std/http/server-sent-event-parse-stream";

/** Whether `@std/http` is there: offline, the import map has a file of ours. */
export const hasStdHttp: boolean = !import.meta.resolve(
  "@std/http/server-sent-event-stream",
).startsWith("file:");

/** What a reader asks for its responses, in place of the network. */
export type FakeFetch = (
  url: string | URL | Request,
  init?: RequestInit,
) => Promise<Response>;

/** What a reader is given. An option that it does not know is given all the same. */
export interface ReaderOptions {
  fetch: FakeFetch;
  /** Takes the data of an event; the consumer is busy until its promise resolves. */
  onEvent(data: string): void | Promise<void>;
  /** Is called when the reader has given up. */
  onFail(): void;
  method?: string;
  body?: string;
  headers?: () => Record<string, string>;
}

/** One library. */
export interface Reader {
  /** The heading of its column. */
  name: string;
  /** Whether it sends its requests itself. */
  isClient: boolean;
  /** What is imported to read a stream. */
  module: string;
  /** Whether it cannot be run here; its column is not looked at. */
  isMissing?: boolean;
  /** Begins to read; what it returns is called to end that. */
  open(url: string, options: ReaderOptions): () => void;
}

/** Ours first. */
export const READERS: readonly Reader[] = [
  {
    name: "@tidings/sse",
    isClient: true,
    module: new URL("../../parser.ts", import.meta.url).href,
    open(url, { onEvent, onFail, ...options }) {
      const events = connect(url, options);
      iterate(events, onEvent).catch(onFail);
      return () => events.close();
    },
  },
  {
    name: "eventsource-parser",
    isClient: false,
    module: "npm:eventsource-parser@4.1.3",
    open(url, { fetch, onEvent, onFail }) {
      const controller = new AbortController();
      fetch(url, { signal: controller.signal }).then(({ body }) => {
        // Cannot be null: every answer here has a body.
        const events = body!.pipeThrough(new TextDecoderStream())
          .pipeThrough(new EventSourceParserStream());
        return iterate(events, onEvent);
      }).catch(onFail);
      return () => controller.abort();
    },
  },
  {
    name: "@std/http",
    isClient: false,
    isMissing: !hasStdHttp,
    module: "jsr:@std/http@^1/server-sent-event-parse-stream",
    open(url, { fetch, onEvent, onFail }) {
      const controller = new AbortController();
      readByStdHttp(fetch(url, { signal: controller.signal }), onEvent)
        .catch(onFail);
      return () => controller.abort();
    },
  },
  {
    name: "eventsource",
    isClient: true,
    module: "npm:eventsource@5.1.5",
    open(url, { onEvent, onFail, ...options }) {
      const source = new EventSource(url, options);
      source.onmessage = ({ data }) => onEvent(data);
      source.onerror = () => {
        if (source.readyState === source.CLOSED) onFail();
      };
      return () => source.close();
    },
  },
  {
    name: "eventsource-client",
    isClient: true,
    module: "npm:eventsource-client@1.2.0",
    open(url, { onEvent, onFail, ...options }) {
      const source = createEventSource({ url, ...untyped(options) });
      iterate(source, onEvent).catch(onFail);
      return () => source.close();
    },
  },
  {
    name: "fetch-event-source",
    isClient: true,
    module: "npm:@microsoft/fetch-event-source@2.0.1",
    open(url, { onEvent, onFail, ...options }) {
      const controller = new AbortController();
      fetchEventSource(url, {
        ...untyped(options),
        signal: controller.signal,
        onmessage: ({ data }) => onEvent(data),
        // As its README has it for a stream that is not meant to end.
        onclose() {
          throw new Error("The stream has ended");
        },
      }).catch(onFail);
      return () => controller.abort();
    },
  },
];

/** A page, which fetch-event-source does not run without. */
export class FakePage implements Disposable {
  readonly #document = Object.assign(new EventTarget(), { hidden: false });

  constructor() {
    Object.assign(globalThis, { window: globalThis, document: this.#document });
  }

  /** Puts the page into the background. */
  hide(): void {
    this.#document.hidden = true;
    this.#document.dispatchEvent(new Event("visibilitychange"));
  }

  [Symbol.dispose](): void {
    Reflect.deleteProperty(globalThis, "window");
    Reflect.deleteProperty(globalThis, "document");
  }
}

async function readByStdHttp(
  answer: Promise<Response>,
  onEvent: ReaderOptions["onEvent"],
): Promise<void> {
  const { ServerSentEventParseStream } = await import(STD_HTTP) as {
    ServerSentEventParseStream: new (
      options: { ignoreComments: boolean },
    ) => TransformStream<Uint8Array, { data: string }>;
  };
  const { body } = await answer;
  // Cannot be null: every answer here has a body.
  const events = body!
    .pipeThrough(new ServerSentEventParseStream({ ignoreComments: true }));
  await iterate(events, onEvent);
}

async function iterate(
  events: AsyncIterable<{ data: string }>,
  onEvent: ReaderOptions["onEvent"],
): Promise<void> {
  for await (const { data } of events) await onEvent(data);
}

/** Gives options to a peer whose types are narrower than what it takes. */
function untyped(options: object): Record<string, never> {
  return options as Record<string, never>;
}
