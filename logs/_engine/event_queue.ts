// Copyright 2026 the Tidings authors. MIT license.

/**
 * Appends events by a queue: those of one event loop turn are one write, in the order of
 * the calls.
 *
 * @module
 */

import type { EventLogAppendOptions } from "../../_log/event_log.ts";
import { checkAppend } from "../../_log/option_checks.ts";
import { tellAppend } from "../../_log/tell_append.ts";
import type { TextEventInit } from "../../event.ts";
import type { AppendQueue } from "./append_queue.ts";

/** Events that wait to be written. */
export class EventQueue<T> {
  readonly #queue: AppendQueue<T>;
  readonly #make: (event: TextEventInit, given: EventLogAppendOptions) => T;
  readonly #sizeOf: (item: T) => number;

  /**
   * @param queue Writes them.
   * @param make Checks an event, and makes what is written of it.
   * @param sizeOf Tells the bytes of that.
   */
  constructor(
    queue: AppendQueue<T>,
    make: (event: TextEventInit, given: EventLogAppendOptions) => T,
    sizeOf: (item: T) => number,
  ) {
    this.#queue = queue;
    this.#make = make;
    this.#sizeOf = sizeOf;
  }

  /**
   * Writes an event. A failure is told, as {@linkcode tellAppend}.
   *
   * @returns Its ID. It rejects with what the checks and writing fail with.
   */
  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return tellAppend(async (noteSignal) => {
      const given = checkAppend(event, options);
      noteSignal(given.signal);
      const item = this.#make(event, given);
      const size = this.#sizeOf(item);
      return await this.#queue.append(item, size, given.signal);
    });
  }
}
