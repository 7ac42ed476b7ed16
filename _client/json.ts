// Copyright 2026 the Tidings authors. MIT license.

import type { ServerSentEvent } from "../event.ts";

/** The options of an iteration over JSON. */
export interface JsonOptions {
  /**
   * The `data` that ends the iteration and closes the connection.
   *
   * @default {"[DONE]"}
   */
  done?: string | undefined;
}

/** Reads each event's `data` as JSON until one is the sentinel. */
export function readJson<T>(
  events: AsyncIterable<ServerSentEvent> & { close(): void },
  options: JsonOptions,
): AsyncIterableIterator<T> {
  const values = generateJson<T>(events, options);
  const end = values.return.bind(values);
  // A generator that was not begun, or that waits, would not end what it reads.
  values.return = (value) => {
    events.close();
    return end(value);
  };
  return values;
}

async function* generateJson<T>(
  events: AsyncIterable<ServerSentEvent>,
  { done = "[DONE]" }: JsonOptions,
): AsyncGenerator<T, void> {
  for await (const { data } of events) {
    if (data === done) return;
    yield parse<T>(data);
  }
}

function parse<T>(data: string): T {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new SyntaxError(
      `Cannot read event: its data is ${
        JSON.stringify(data.slice(0, 40))
      }, JSON is wanted`,
      { cause },
    );
  }
}
