// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the cases write with, read with and follow with.
 *
 * @module
 */

import { assertEquals } from "./_assert.ts";
import type { EventLog, EventLogBatch } from "../log.ts";
import { within } from "./_within.ts";

/** The data of so many events. */
export function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

/** Appends in one event loop turn, without waiting in between. */
export function appendAll(
  log: EventLog,
  data: readonly string[],
): Promise<string[]> {
  return Promise.all(data.map((data) => log.append({ data })));
}

/** Reads batch after batch to the end, as one batch. */
export async function readAll(
  log: EventLog,
  after: string,
  options: { maxBytes?: number } = {},
): Promise<EventLogBatch> {
  const all = await log.read(after, options);
  const events = [...all.events];
  for (let { cursor } = all;;) {
    const batch = await log.read(cursor, options);
    if (batch.events.length === 0) return { ...all, events, cursor };
    assertEquals(batch.gap, false);
    events.push(...batch.events);
    cursor = batch.cursor;
  }
}

/** Follows a log until it is disposed of, and keeps what it was given. */
export class Following implements AsyncDisposable {
  readonly batches: EventLogBatch[] = [];
  readonly #controller = new AbortController();
  readonly #end: Promise<unknown>;
  #onBatch: () => void = () => {};
  #failure: unknown;

  constructor(log: EventLog, after?: string) {
    const { signal } = this.#controller;
    this.#end = log.follow((batch) => {
      this.batches.push(batch);
      this.#onBatch();
    }, { after, signal }).catch((error) => {
      this.#failure = error;
      this.#onBatch();
    });
  }

  get ids(): string[] {
    return this.batches.flatMap(({ events }) => events.map(({ id }) => id));
  }

  get data(): (string | undefined)[] {
    return this.batches.flatMap(({ events }) => events.map(({ data }) => data));
  }

  async until(
    condition: (batches: readonly EventLogBatch[]) => boolean,
  ): Promise<void> {
    while (!condition(this.batches)) {
      if (this.#failure !== undefined) throw this.#failure;
      await within(
        "the next batch of the log",
        new Promise<void>((resolve) => this.#onBatch = resolve),
      );
    }
  }

  untilEvents(count: number): Promise<void> {
    return this.until(() => this.ids.length >= count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort(new Error("The test is over"));
    await this.#end;
  }
}
