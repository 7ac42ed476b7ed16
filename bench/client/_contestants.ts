// Copyright 2026 the Tidings authors. MIT license.

/**
 * Clients that read 200 000 events from the socket of another process (4444 where
 * each has a chunk of its own), from the request to the event that tells them to
 * close.
 */

import { createEventSource } from "eventsource-client";
import { EventSource as NpmEventSource } from "eventsource";
import { connect, EventSource } from "../../client.ts";
import {
  CLIENT_CHUNKINGS,
  type ClientChunking,
  clientWorkload,
} from "./_workload.ts";
import type { Contestant } from "../_measure.ts";

/** What is used of the classes with that name. */
type EventSourceClass = new (url: string) => {
  addEventListener(
    type: string,
    listener: (event: MessageEvent) => void,
  ): void;
  close(): void;
};

const workload = clientWorkload();

const BYTES = workload.blocks.reduce((sum, { length }) => sum + length, 0);

/** How many events one run receives. */
export function clientEvents(chunking: ClientChunking): number {
  return workload.events.length * CLIENT_CHUNKINGS[chunking];
}

/** Async iterators, beside bodies that are read and thrown away. */
export function iteratorContestants(
  base: string,
  chunking: ClientChunking,
): Contestant[] {
  const url = `${base}/${chunking}`;
  return [
    { name: "connect", run: async () => await iterate(connect(url), chunking) },
    {
      name: "eventsource-client",
      run: async () => await iterate(createEventSource(url), chunking),
    },
    { name: "fetch body", run: async () => await readBody(url, chunking) },
    {
      name: "fetch body, one buffer",
      run: async () => await readIntoBuffer(url, chunking),
    },
  ];
}

/** Classes with the standard's interface. */
export function eventSourceContestants(
  base: string,
  chunking: ClientChunking,
): Contestant[] {
  const url = `${base}/${chunking}`;
  return [
    {
      name: "EventSource",
      run: async () => await listen(EventSource, url, chunking),
    },
    {
      name: "eventsource",
      run: async () => await listen(NpmEventSource, url, chunking),
    },
    {
      name: "Deno's EventSource",
      run: async () => await listen(globalThis.EventSource, url, chunking),
    },
  ];
}

async function iterate(
  source: AsyncIterable<{ event?: string | undefined; data: string }> & {
    close(): void;
  },
  chunking: ClientChunking,
): Promise<void> {
  let events = 0;
  let length = 0;
  for await (const { event, data } of source) {
    if (event === "end") break;
    events++;
    length += data.length;
  }
  source.close();
  check(events, length, chunking);
}

async function readBody(url: string, chunking: ClientChunking): Promise<void> {
  const response = await fetch(url);
  let length = 0;
  for await (const chunk of response.body!) length += chunk.length;
  checkLength(length, chunking);
}

/** Gives the same buffer back for each read. */
async function readIntoBuffer(
  url: string,
  chunking: ClientChunking,
): Promise<void> {
  const { body } = await fetch(url);
  const reader = body!.getReader({ mode: "byob" });
  let buffer = new Uint8Array(64 * 1024);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read(buffer);
    if (done) break;
    length += value.length;
    buffer = new Uint8Array(value.buffer);
  }
  checkLength(length, chunking);
}

function checkLength(length: number, chunking: ClientChunking): void {
  const least = BYTES * CLIENT_CHUNKINGS[chunking];
  if (length >= least) return;
  throw new Error(`expected ${least} bytes or more, got ${length}`);
}

function listen(
  Class: EventSourceClass,
  url: string,
  chunking: ClientChunking,
): Promise<void> {
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
        check(events, length, chunking);
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
}

function check(
  events: number,
  length: number,
  chunking: ClientChunking,
): void {
  const expected = clientEvents(chunking);
  const expectedLength = workload.dataLength * CLIENT_CHUNKINGS[chunking];
  if (events !== expected || length !== expectedLength) {
    throw new Error(
      `Cannot go on: expected ${expected} events with ${expectedLength} characters, got ${events} with ${length}`,
    );
  }
}
