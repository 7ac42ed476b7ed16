// Copyright 2026 the Tidings authors. MIT license.

import type { ServerSentEvent } from "../event.ts";
import { checkData } from "./check_data.ts";
import { EventCheckError } from "./event_check_error.ts";
import type { StandardSchema } from "./standard_schema.ts";

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** What the iteration depends on, with the defaults filled in. */
export interface CheckedEventsOptions {
  schemas: ReadonlyMap<string, StandardSchema>;
  done: string;
  unknownTypes: "skip" | "pass" | "error";
  onInvalid: ((error: EventCheckError) => "skip" | "end") | undefined;
}

/**
 * Events that were checked, as an async iterator. It asks its source for one event at
 * a time and holds none, so that the place to resume from is that of the last event
 * that was handed out, or skipped on the way to the next.
 *
 * Ending the iteration ends that of the source, as do the sentinel and an error.
 *
 * @typeParam Source What the events come from.
 * @typeParam Event What the events are.
 */
export class CheckedEvents<
  Source extends AsyncIterable<ServerSentEvent>,
  Event extends ServerSentEvent,
> implements AsyncIterableIterator<Event, undefined>, AsyncDisposable {
  /** What the events come from, such as the connection with its `close()`. */
  readonly source: Source;
  readonly #events: AsyncIterator<ServerSentEvent>;
  readonly #options: CheckedEventsOptions;
  /** The calls of `next()` that wait for the one that is under way, in their order. */
  readonly #waiting: (() => void)[] = [];
  #isBusy = false;
  /** Set once no event will be handed out any more. */
  #isEnded = false;

  /**
   * Begins to iterate, as `checkEvents()` does.
   *
   * @param source What the events come from.
   * @param options How to check them.
   */
  constructor(source: Source, options: CheckedEventsOptions) {
    this.source = source;
    this.#events = source[Symbol.asyncIterator]();
    this.#options = options;
  }

  /**
   * Waits for the next event.
   *
   * @throws {EventCheckError} If an event does not fit, and `onInvalid` is not there
   * to decide; and whatever the source, a schema or `onInvalid` throws. The iteration
   * has ended then, and so has that of the source.
   */
  async next(): Promise<IteratorResult<Event, undefined>> {
    if (this.#isBusy) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#isBusy = true;
    try {
      // `return()` may come during each of the waits.
      while (!this.#isEnded) {
        const { done, value } = await this.#events.next();
        if (done) break;
        let event = this.#check(value);
        if (event instanceof Promise) event = await event;
        if (event !== undefined && !this.#isEnded) {
          return { done: false, value: event };
        }
      }
      this.#isEnded = true;
      return DONE;
    } catch (error) {
      // The error that counts is on its way to the caller.
      await this.return().catch(() => {});
      throw error;
    } finally {
      this.#isBusy = this.#waiting.length > 0;
      this.#waiting.shift()?.();
    }
  }

  /** Ends the iteration and that of the source, as `break` in a `for await` loop does. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#isEnded = true;
    await this.#events.return?.();
    return DONE;
  }

  /** Ends the iteration at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Returns this very object. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @returns What to hand out, `undefined` if that is nothing. */
  #check(
    event: ServerSentEvent,
  ): Event | undefined | Promise<Event | undefined> {
    const { schemas, done, unknownTypes } = this.#options;
    if (event.data === done) return this.#end();
    const schema = schemas.get(event.event);
    if (schema === undefined) {
      if (unknownTypes === "skip") return undefined;
      if (unknownTypes === "pass") return event as Event;
      return this.#refuse(new EventCheckError("unknown-type", event));
    }
    try {
      const json = checkData(event, schema);
      return json instanceof Promise
        ? json.then((json) => addJson<Event>(event, json))
          .catch((error) => this.#refuse(error))
        : addJson(event, json);
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #refuse(error: unknown): undefined | Promise<undefined> {
    const { onInvalid } = this.#options;
    // What a schema throws is for nobody to decide about.
    if (!(error instanceof EventCheckError) || onInvalid === undefined) {
      throw error;
    }
    return onInvalid(error) === "end" ? this.#end() : undefined;
  }

  async #end(): Promise<undefined> {
    await this.return();
  }
}

function addJson<Event extends ServerSentEvent>(
  { event, data, id, lastEventId }: ServerSentEvent,
  json: unknown,
): Event {
  // The types say which schema makes which `json`.
  return { event, data, id, lastEventId, json } as Event & { json: unknown };
}
