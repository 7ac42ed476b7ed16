// Copyright 2026 the Tidings authors. MIT license.

/**
 * Clients that read 200 000 events from the socket of another process, from the
 * request to the event that tells them to close.
 */

import { createEventSource } from "eventsource-client";
import { EventSource as NpmEventSource } from "eventsource";
import { connect, EventSource } from "../client.ts";
import { CLIENT_REPEATS, clientWorkload } from "./_client_workload.ts";
import type { Contestant } from "./_measure.ts";

/** What is used of the classes with that name. */
type EventSourceClass = new (url: string) => {
  addEventListener(
    type: string,
    listener: (event: MessageEvent) => void,
  ): void;
  close(): void;
};

const workload = clientWorkload();

/** How many events one run receives. */
export const CLIENT_EVENTS = workload.events.length * CLIENT_REPEATS;
const DATA_LENGTH = workload.dataLength * CLIENT_REPEATS;
const BYTES = workload.blocks.reduce((sum, { length }) => sum + length, 0) *
  CLIENT_REPEATS;

/** Async iterators, beside a body that is read and thrown away. */
export function iteratorContestants(url: string): Contestant[] {
  return [
    { name: "connect", run: () => iterate(connect(url)) },
    { name: "eventsource-client", run: () => iterate(createEventSource(url)) },
    { name: "fetch body", run: () => readBody(url) },
  ];
}

/** Classes with the standard's interface. */
export function eventSourceContestants(url: string): Contestant[] {
  return [
    { name: "EventSource", run: () => listen(EventSource, url) },
    { name: "eventsource", run: () => listen(NpmEventSource, url) },
    {
      name: "Deno's EventSource",
      run: () => listen(globalThis.EventSource, url),
    },
  ];
}

async function iterate(
  source: AsyncIterable<{ event?: string | undefined; data: string }> & {
    close(): void;
  },
): Promise<void> {
  let events = 0;
  let length = 0;
  for await (const { event, data } of source) {
    if (event === "end") break;
    events++;
    length += data.length;
  }
  source.close();
  check(events, length);
}

async function readBody(url: string): Promise<void> {
  const response = await fetch(url);
  let length = 0;
  for await (const chunk of response.body!) length += chunk.length;
  if (length < BYTES) {
    throw new Error(`${length} bytes came, ${BYTES} are wanted`);
  }
}

function listen(Class: EventSourceClass, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let events = 0;
    let length = 0;
    const source = new Class(url);
    source.addEventListener("content_block_delta", ({ data }) => {
      events++;
      length += data.length;
    });
    source.addEventListener("error", () => reject(new Error("Lost")));
    source.addEventListener("end", () => {
      source.close();
      try {
        check(events, length);
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
}

function check(events: number, length: number): void {
  if (events !== CLIENT_EVENTS || length !== DATA_LENGTH) {
    throw new Error(
      `${events} events with ${length} characters came, ${CLIENT_EVENTS} with ${DATA_LENGTH} are wanted`,
    );
  }
}
