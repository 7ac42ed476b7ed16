// Copyright 2026 the Tidings authors. MIT license.

/** Sources and readers of runs that a test controls. */

import { assert } from "@std/assert";
import type { ServerSentEventInit } from "../../event.ts";
import type { EventLogClaim, EventLogs } from "../../log.ts";
import type {
  EventRun,
  EventRuns,
  EventRunsServeOptions,
} from "../../runs/mod.ts";
import { BodyClient } from "../channel/_clients.ts";
import { within } from "../support/within.ts";

/** A source whose events the test gives. */
export class Faucet {
  readonly #stream: ReadableStream<ServerSentEventInit>;
  // `start` sets it while the stream is made.
  #controller!: ReadableStreamDefaultController<ServerSentEventInit>;
  /** How often it was called. */
  calls = 0;
  /** What it was called with. */
  run: EventRun | undefined;
  isCancelled = false;

  constructor() {
    this.#stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.isCancelled = true;
      },
    });
  }

  /** The source. */
  readonly open = (run: EventRun): ReadableStream<ServerSentEventInit> => {
    this.calls++;
    this.run = run;
    return this.#stream;
  };

  give(...data: string[]): void {
    for (const each of data) this.#controller.enqueue({ data: each });
  }

  giveEvent(event: ServerSentEventInit): void {
    this.#controller.enqueue(event);
  }

  end(): void {
    this.#controller.close();
  }

  fail(error: Error): void {
    this.#controller.error(error);
  }
}

/** Makes a request for a run. */
export function runRequest(lastEventId?: string, method = "GET"): Request {
  const headers = new Headers();
  if (lastEventId !== undefined) headers.set("last-event-id", lastEventId);
  return new Request("http://localhost/run", { method, headers });
}

/** Begins to read a run that has something left to read. */
export async function readRun(
  runs: EventRuns,
  id: string,
  lastEventId?: string,
  options?: EventRunsServeOptions,
): Promise<BodyClient> {
  const response = await runs.serve(id, runRequest(lastEventId), options);
  assert(response.status === 200, `${id} is answered with ${response.status}`);
  return new BodyClient(response, lastEventId).run();
}

/** Reads a run to its end, as `type: data` of each event. */
export async function readToEnd(
  runs: EventRuns,
  id: string,
  lastEventId?: string,
): Promise<string[]> {
  await using reader = await readRun(runs, id, lastEventId);
  await within("the response ends", reader.end());
  return reader.inbox.events.map(({ event, data }) => `${event}: ${data}`);
}

/** Waits until a condition holds. */
export function until(
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const wait = async (): Promise<void> => {
    while (!await condition()) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return within("the condition holds", wait());
}

/** The same logs, with claims that the test changes. */
export function withClaims(
  logs: EventLogs,
  change: (claim: EventLogClaim) => Partial<EventLogClaim>,
): EventLogs {
  return {
    open: (name, options) => logs.open(name, options),
    inspect: (name) => logs.inspect(name),
    expire: (name, delay, options) => logs.expire(name, delay, options),
    claim: async (name, options) => {
      const claim = await logs.claim(name, options);
      if (claim === undefined) return undefined;
      const { cursor, id } = claim;
      return {
        cursor,
        id,
        append: (event, options) => claim.append(event, options),
        renew: () => claim.renew(),
        release: () => claim.release(),
        ...change(claim),
      };
    },
  };
}
