// Copyright 2026 the Tidings authors. MIT license.

/**
 * Every client gets responses that no honest server would send: it fails or
 * reconnects, and nothing goes uncaught.
 */

import { connect, EventSource, EventSourceError } from "../../client.ts";
import { readEvents } from "../../parser.ts";
import { EventStreamSocket } from "../../socket/mod.ts";
import { fuzzDeadline, fuzzSeed } from "../support/fuzz.ts";
import { Random } from "../support/random.ts";
import { RawServer } from "../support/raw_server.ts";
import { within } from "../support/within.ts";
import { drawResponse } from "./_response_head.ts";

/**
 * Milliseconds. In Node 20 and 22, the body of a response with broken compressed data may
 * never end: docs/runtimes.md. Nothing else here takes so long.
 */
const IDLE_TIMEOUT = 1000;
const OPTIONS = {
  idleTimeout: IDLE_TIMEOUT,
  reconnectionTime: 1,
  backoff: { maxAttempts: 2, maxDelay: 1 },
};
/** Requests after which a new server replaces the old one, which keeps all requests. */
const RESPONSES_PER_SERVER = 200;

/** Each runs until its client is closed. */
const CLIENTS: Record<string, (url: string) => Promise<unknown>> = {
  async "connect()"(url) {
    let disconnections = 0;
    const events = connect(url, {
      ...OPTIONS,
      onStateChange(change): void {
        // An event makes a connection healthy, and `Retry-After` may ask for days.
        if (change.state === "reconnecting" && ++disconnections > 1) {
          events.close();
        }
        if (change.state === "reconnecting" && change.delay > 10) {
          events.close();
        }
      },
    });
    try {
      for await (const _ of events);
    } catch (error) {
      if (!(error instanceof EventSourceError)) throw error;
    }
  },
  EventSource: (url) =>
    new Promise<void>((resolve) => {
      const source = new EventSource(url, OPTIONS);
      let disconnections = 0;
      source.onerror = () => {
        if (++disconnections > 1) source.close();
        if (source.readyState === EventSource.CLOSED) resolve();
      };
    }),
  EventStreamSocket: (url) =>
    new Promise((resolve) => {
      new EventStreamSocket(url, [], OPTIONS).onclose = resolve;
    }),
  async "readEvents(fetch())"(url) {
    try {
      const response = await fetch(url);
      for await (
        const _ of readEvents(response, { idleTimeout: IDLE_TIMEOUT })
      );
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  },
};

Deno.test("fuzz: no head of a response does more than fail a client's connection", async () => {
  const first = fuzzSeed();
  const isOver = fuzzDeadline(2000);
  const uncaught: unknown[] = [];
  const keep = (event: Event): void => {
    event.preventDefault();
    const { error, reason } = event as ErrorEvent & PromiseRejectionEvent;
    uncaught.push(error ?? reason);
  };
  globalThis.addEventListener("error", keep);
  globalThis.addEventListener("unhandledrejection", keep);
  let seed = first;
  try {
    while (!isOver()) {
      let pieces: string[] = [];
      await using server = new RawServer(async ({ send }) => {
        for (const piece of pieces) await send(piece);
      });
      const end = seed + RESPONSES_PER_SERVER;
      for (; seed < end && !isOver(); seed++) {
        ({ pieces } = drawResponse(new Random(seed)));
        for (const [client, run] of Object.entries(CLIENTS)) {
          await within(`the end of ${client}`, run(server.url));
        }
        if (uncaught.length > 0) throw uncaught[0];
      }
    }
    // What goes uncaught is told in a task of its own.
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (uncaught.length > 0) throw uncaught[0];
  } catch (error) {
    throw new Error(`Failed, run again with SEED=${seed}: ${error}`, {
      cause: error,
    });
  } finally {
    globalThis.removeEventListener("error", keep);
    globalThis.removeEventListener("unhandledrejection", keep);
  }
  console.log(`fuzz: ${seed - first} responses for each client`);
});
