// Copyright 2026 the Tidings authors. MIT license.

/**
 * What clients do with an ID of a server's: they bring back what `fetch` can send, and
 * fail once, with a reason, on what it cannot.
 */

import { assert, assertEquals } from "@std/assert";
import { connect, EventSource, EventSourceError } from "../../client.ts";
import { SharedEventSource } from "../../shared/mod.ts";
import {
  eventStream,
  type SeenRequest,
  serve,
} from "../support/event_server.ts";
import { textOfHeader } from "../support/header_value.ts";
import { ID_ROWS } from "../support/ids.ts";
import { SENDS_CONTROL_CHARACTERS } from "../support/sends_control_characters.ts";
import { within } from "../support/within.ts";

/** Each runs a client until it is closed, and gives its error's reason if it tells it. */
const CLIENTS: Record<string, (url: string) => Promise<string | undefined>> = {
  async "connect()"(url) {
    try {
      for await (const _ of connect(url));
    } catch (error) {
      if (error instanceof EventSourceError) return error.reason;
      throw error;
    }
    return "no-content";
  },
  EventSource: (url) => untilClosed(new EventSource(url)),
  SharedEventSource: (url) => untilClosed(new SharedEventSource(url)),
};

function untilClosed(source: EventSource): Promise<undefined> {
  return new Promise((resolve) => {
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) resolve(undefined);
    };
  });
}

/** As the server reads it. */
function readId({ headers }: SeenRequest): string {
  return textOfHeader(headers.get("last-event-id") ?? "");
}

// No other ID can come over the wire.
const ROWS = ID_ROWS.filter(({ id, isWritable }) =>
  isWritable && id.isWellFormed()
);
// deno-lint-ignore no-control-regex -- those are what it is about
const UNSENDABLE_REGEXP = /[\x00-\x08\x0a-\x1f\x7f]/;

for (const [client, run] of Object.entries(CLIENTS)) {
  for (const { name, id, isReturnable } of ROWS) {
    Deno.test(`${client} deals once with a server's ID with ${name}`, async () => {
      await using server = serve((_, index) =>
        index === 0
          ? eventStream(`retry: 1\nid: ${id}\ndata: a\n\n`)
          : new Response(null, { status: 204 })
      );
      const reason = await within("the end", run(server.url));
      const [, second, ...others] = server.requests;
      assertEquals(others, []);
      if (UNSENDABLE_REGEXP.test(id) && SENDS_CONTROL_CHARACTERS) {
        // The server that the tests have refuses it before they see it, and once.
        assertEquals(second, undefined);
        if (reason !== undefined) assertEquals(reason, "unexpected-status");
      } else if (UNSENDABLE_REGEXP.test(id)) {
        assertEquals(second, undefined);
        if (reason !== undefined) assertEquals(reason, "invalid-request");
      } else if (second === undefined) {
        // The server, or the runtime, refuses a header of this length.
        assert(id.length > 8000);
      } else {
        // Fetch takes away the blanks at the ends of a header's value.
        assertEquals(readId(second), isReturnable ? id : id.trim());
      }
    });
  }
}

for (
  const [what, id] of [
    ["the option lastEventId", "\x01"],
    ["the option lastEventId", "\0"],
    ["the option lastEventId", "a\nb"],
  ] as const
) {
  Deno.test(`connect() fails once on ${what} ${JSON.stringify(id)}`, async () => {
    let requests = 0;
    const states: string[] = [];
    const events = connect("http://localhost/", {
      lastEventId: id,
      fetch: () => {
        requests++;
        return Promise.resolve(eventStream("data: a\n\n"));
      },
      onStateChange: ({ state }) => states.push(state),
    });
    let reason: string | undefined;
    await events.next().catch((error) => reason = error.reason);
    const isSent = id === "\x01" && SENDS_CONTROL_CHARACTERS;
    assertEquals(
      [reason, requests, states],
      isSent ? [undefined, 1, ["open"]] : ["invalid-request", 0, ["closed"]],
    );
    events.close();
  });
}
