// Copyright 2026 the Tidings authors. MIT license.

/**
 * The async iterator that `checkEvents()` returns.
 *
 * @module
 */

import { hasMembers } from "../_options.ts";
import { describeMismatch } from "../_validate.ts";
import type { ServerSentEvent } from "../event.ts";
import { type EventTaker, TAKE_EVENT } from "../_parser/take_event.ts";
import { checkData, hasNoContent, LEFT_OUT } from "./_check_data.ts";
import { EventCheckError } from "./_event_check_error.ts";
import type { StandardSchema } from "./_standard_schema.ts";

type Result<Event> = IteratorResult<Event, undefined>;

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Stands for the last event of a stream that had none. */
const NO_EVENT: ServerSentEvent = {
  event: "message",
  data: "",
  id: undefined,
  lastEventId: "",
};

/** Options of {@linkcode CheckedEvents}, with the defaults filled in. */
export interface CheckedEventsOptions {
  /** The event types, each with its schema. */
  schemas: readonly (readonly [string, StandardSchema])[];
  /** Whether an event is the sentinel. */
  isDone: (event: ServerSentEvent) => boolean;
  /** Whether an end without the sentinel is an error. */
  needsDone: boolean;
  /** Left out, events of the type `error` are errors and the others are skipped. */
  unknownTypes: "skip" | "pass" | "error" | undefined;
  onInvalid: ((error: EventCheckError) => "skip" | "end") | undefined;
}

/**
 * Checked events, as an async iterator. It asks its source for one event at a time and
 * keeps none. So the source's last event ID is that of the last event that was handed
 * out, or skipped on the way to the next.
 *
 * The end of the iteration ends that of the source, as do the sentinel and an error.
 *
 * @typeParam Source The type of the source.
 * @typeParam Event The type of the checked events.
 */
export class CheckedEvents<
  Source extends AsyncIterable<ServerSentEvent>,
  Event extends ServerSentEvent,
> implements AsyncIterableIterator<Event, undefined>, AsyncDisposable {
  /** The source of the events, such as a connection with its `close()`. */
  readonly source: Source;
  readonly #events: AsyncIterator<ServerSentEvent>;
  /** The same iterator, if what has come can be taken from it. */
  readonly #taker: EventTaker | undefined;
  readonly #options: CheckedEventsOptions;
  /** The calls of `next()` that wait for the one that is under way, in their order. */
  readonly #waiting: ((result: Promise<Result<Event>>) => void)[] = [];
  #isBusy = false;
  /** The event that was received last, for the error of an end without the sentinel. */
  #last: ServerSentEvent | undefined;
  /** Set by `return()`, the sentinel, an error and the source's end. */
  #isEnded = false;

  /**
   * Begins to iterate, as `checkEvents()` does.
   *
   * @param source The source of the events.
   * @param options How to check them.
   */
  constructor(source: Source, options: CheckedEventsOptions) {
    this.source = source;
    this.#events = source[Symbol.asyncIterator]();
    this.#taker = isTaker(this.#events) ? this.#events : undefined;
    this.#options = options;
  }

  /**
   * Waits for the next event.
   *
   * @throws {EventCheckError} If an event does not fit, and there is no `onInvalid`, or if
   * the source ends without the sentinel that the option `done` demands; and whatever the
   * source, a schema or `onInvalid` throws. The iteration has ended then, and so has that of
   * the source.
   */
  next(): Promise<IteratorResult<Event, undefined>> {
    return this.#isBusy
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : this.#ask();
  }

  /** Ends the iteration and that of the source, as `break` in a `for await` loop does. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#isEnded = true;
    await this.#events.return?.();
    return DONE;
  }

  /**
   * Ends the iteration and that of the source, which is told of the error.
   *
   * @throws {unknown} The error it is given.
   */
  async throw(error?: unknown): Promise<IteratorReturnResult<undefined>> {
    this.#isEnded = true;
    const events = this.#events;
    // What the source fails with counts less than the error that the caller has.
    try {
      await (events.throw?.(error) ?? events.return?.());
    } catch {
      // A generator throws the very error.
    }
    throw error;
  }

  /** Ends the iteration at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Returns the iterator itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  #ask(): Promise<Result<Event>> {
    if (this.#isEnded) return this.#advance(undefined);
    // A second promise for each event would cost more than the other steps of the check
    // (`deno task bench:ratios check`).
    const event = this.#taker?.[TAKE_EVENT]();
    if (event === undefined) {
      const next = this.#events.next();
      this.#isBusy = true;
      return next.then(this.#take, this.#fail);
    }
    this.#isBusy = true;
    const checked = this.#check(event);
    return this.#isThere(checked)
      // V8 looks for a `then` in what is resolved, unless it sees the literal.
      ? Promise.resolve({ done: false, value: checked })
      : this.#advance(checked);
  }

  readonly #take = (
    { done, value }: IteratorResult<ServerSentEvent>,
  ): Result<Event> | Promise<Result<Event>> => {
    const checked = done ? this.#conclude() : this.#check(value);
    return this.#isThere(checked)
      ? { done: false, value: checked }
      : this.#advance(checked);
  };

  /** Whether an event is there and fits. Then the next call of `next()` is answered. */
  #isThere(
    event: Event | undefined | Promise<Event | undefined>,
  ): event is Event {
    if (event === undefined || event instanceof Promise) return false;
    this.#release();
    return true;
  }

  readonly #fail = (error: unknown): Promise<Result<Event>> =>
    this.#advance(Promise.reject(error));

  /** Waits for an event whose check is asynchronous, and skips those that do not fit. */
  async #advance(
    event: Event | undefined | Promise<Event | undefined>,
  ): Promise<Result<Event>> {
    this.#isBusy = true;
    try {
      for (;;) {
        const checked = await event;
        if (this.#isEnded) return DONE;
        if (checked !== undefined) return { done: false, value: checked };
        const { done, value } = await this.#events.next();
        event = done ? this.#conclude() : this.#check(value);
      }
    } catch (error) {
      // The caller gets the first error, and not that of the clean-up.
      await this.return().catch(() => {});
      throw error;
    } finally {
      this.#release();
    }
  }

  #release(): void {
    // To shift an empty array for each event would cost as much as its schema.
    const resolve = this.#waiting.length > 0 && this.#waiting.shift();
    if (resolve) resolve(this.#ask());
    else this.#isBusy = false;
  }

  /** Ends the iteration with its source, which fails if the sentinel is missing. */
  #conclude(): undefined | Promise<never> {
    // `return()` may have been called while the source was asked.
    const isComplete = this.#isEnded || !this.#options.needsDone;
    this.#isEnded = true;
    if (isComplete) return undefined;
    return Promise.reject(
      new EventCheckError("incomplete", this.#last ?? NO_EVENT),
    );
  }

  /** @returns The event to hand out, `undefined` if it is skipped. It never throws. */
  #check(
    event: ServerSentEvent,
  ): Event | undefined | Promise<Event | undefined> {
    // As above.
    if (this.#isEnded) return undefined;
    const { schemas, isDone } = this.#options;
    this.#last = event;
    try {
      if (assertNoPromise("done()", isDone(event), "a boolean")) {
        return this.#end();
      }
      // Not a `Map`: the type is a new string in each event, and to hash it costs more than
      // to compare dozens (`deno task bench:ratios check`).
      const schema = findSchema(schemas, event.event);
      if (schema === undefined) return this.#checkUnknown(event);
      const json = checkData(event, schema);
      return json instanceof Promise
        ? this.#addLater(event, json)
        : addJson(event, json);
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #addLater(
    event: ServerSentEvent,
    json: Promise<unknown>,
  ): Promise<Event | undefined> {
    return json.then((json) => addJson<Event>(event, json))
      .catch((error) => this.#refuse(error));
  }

  /** Decides about an event whose type has no schema. */
  #checkUnknown(
    event: ServerSentEvent,
  ): Event | undefined | Promise<undefined> {
    const { unknownTypes } = this.#options;
    if (unknownTypes === "pass") return event as Event;
    const isError = unknownTypes === undefined
      ? event.event === "error"
      : unknownTypes === "error" && !hasNoContent(event);
    return isError
      ? this.#refuse(new EventCheckError("unknown-type", event))
      : undefined;
  }

  async #refuse(error: unknown): Promise<undefined> {
    const { onInvalid } = this.#options;
    // An error that a schema throws is a bug of the program, and no invalid event.
    if (!(error instanceof EventCheckError) || onInvalid === undefined) {
      throw error;
    }
    const answer = assertNoPromise(
      "onInvalid()",
      onInvalid(error),
      '"skip" or "end"',
    );
    if (answer === "end") await this.return();
  }

  async #end(): Promise<undefined> {
    await this.return();
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "CheckedEvents";
  }
}

/**
 * Whether an iterator is one of this package. If a program has replaced its `next()`, or
 * wraps it in a proxy, that one is to be called.
 */
function isTaker(
  events: AsyncIterator<ServerSentEvent>,
): events is AsyncIterator<ServerSentEvent> & EventTaker {
  const prototype = Object.getPrototypeOf(events);
  return prototype !== null && Object.hasOwn(prototype, TAKE_EVENT) &&
    events.next === prototype.next;
}

/**
 * Checks what a function of the options returns. A promise would count as true, or as
 * "skip", whatever it resolves to.
 *
 * @throws {TypeError} If it is a promise.
 */
function assertNoPromise<Value>(
  name: string,
  value: Value,
  expected: string,
): Value {
  // Most are no objects, which is told at once.
  if (typeof value !== "object" || !hasMembers(value, "then")) return value;
  Promise.resolve(value).catch(() => {});
  throw new TypeError(describeMismatch("check events", name, expected, value));
}

function findSchema(
  schemas: CheckedEventsOptions["schemas"],
  eventType: string,
): StandardSchema | undefined {
  for (let i = 0; i < schemas.length; i++) {
    const schema = schemas[i]!;
    if (schema[0] === eventType) return schema[1];
  }
  return undefined;
}

function addJson<Event extends ServerSentEvent>(
  { event, data, id, lastEventId }: ServerSentEvent,
  json: unknown,
): Event | undefined {
  if (json === LEFT_OUT) return undefined;
  // The caller's types know which schema gives which `json`.
  return { event, data, id, lastEventId, json } as Event & { json: unknown };
}
