// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks the JSON of events by schemas, where they are received.
 *
 * {@linkcode checkEvents} wraps any source of events: `readEvents()`, `connect()`, a
 * stream. It takes a schema for each event type, from zod, valibot, arktype or any other
 * library that implements [Standard Schema](https://standardschema.dev). Each event that
 * it gives has `json` of the type of its schema, and a `switch` over the event type
 * narrows it.
 *
 * {@linkcode checkListener} does the same for a listener of an `EventSource`.
 *
 * @example A channel and its reader, by the same schemas
 * ```ts
 * import { EventChannel } from "@tidings/sse/channel";
 * import { readEvents } from "@tidings/sse/parser";
 * import { checkEvents, type EventsOf } from "@tidings/sse/typed";
 * import { z } from "npm:zod@4";
 * import { assertEquals } from "@std/assert";
 *
 * const schemas = { tick: z.object({ price: z.number() }), done: z.null() };
 *
 * await using channel = new EventChannel<EventsOf<typeof schemas>>();
 * const response = channel.serve(new Request("http://localhost/"));
 * channel.publish({ event: "tick", json: { price: 1 } });
 * channel.publish({ event: "done", json: null });
 *
 * const prices: number[] = [];
 * for await (const event of checkEvents(readEvents(response), schemas)) {
 *   if (event.event === "done") break;
 *   prices.push(event.json.price);
 * }
 * assertEquals(prices, [1]);
 * ```
 *
 * @module
 */

import { assertSchema } from "./_check_data.ts";
import { CheckedEvents } from "./_checked_events.ts";
import { makeListener } from "./_checked_listener.ts";
import type { EventCheckError } from "./_event_check_error.ts";
import type {
  SchemaInput,
  SchemaOutput,
  StandardSchema,
} from "./_standard_schema.ts";
import { type OptionKinds, readOptions } from "../_options.ts";
import type { ServerSentEvent } from "../event.ts";

export type { CheckedEvents } from "./_checked_events.ts";
export {
  EventCheckError,
  type EventCheckErrorCode,
  type EventCheckErrorOptions,
} from "./_event_check_error.ts";
export type {
  SchemaInput,
  SchemaOutput,
  StandardSchema,
  StandardSchemaIssue,
  StandardSchemaProperties,
  StandardSchemaResult,
} from "./_standard_schema.ts";

/** A schema for each event type; that of events without a type is `message`. */
export type EventSchemas = Readonly<Record<string, StandardSchema>>;

/**
 * A checked event.
 *
 * @typeParam Type The event type.
 * @typeParam Json The output of the schema.
 */
export interface TypedEvent<Type extends string, Json> extends ServerSentEvent {
  /** The event type. */
  event: Type;
  /** The output of the schema for `data`. */
  json: Json;
}

// Both of these are conditional types, so that an editor shows the resulting types, and
// not the schemas.

/** Any event that passes these schemas: a union, by event type. */
export type TypedEventOf<Schemas extends EventSchemas> = Schemas extends unknown
  ? {
    [Type in keyof Schemas & string]: TypedEvent<
      Type,
      SchemaOutput<Schemas[Type]>
    >;
  }[keyof Schemas & string]
  : never;

/**
 * The events to send to a reader with these schemas, as the type parameter of channels and
 * sessions: `new EventChannel<EventsOf<typeof schemas>>()`.
 */
export type EventsOf<Schemas extends EventSchemas> = Schemas extends unknown
  ? { [Type in keyof Schemas & string]: SchemaInput<Schemas[Type]> }
  : never;

/** What happens to events whose type has no schema. */
export type UnknownTypes = "skip" | "pass" | "error";

/** Options of {@linkcode checkEvents}. */
export interface CheckEventsOptions<Unknown extends UnknownTypes = "skip"> {
  /**
   * Decides about an event that does not fit: `"skip"` goes on with the next one, and
   * `"end"` ends the iteration without an error. If it throws, the iteration throws the
   * same. A promise is an error: it would be decided before it is resolved.
   *
   * If it is left out, the iteration throws the error.
   *
   * @param error The event, and what is wrong with it.
   */
  onInvalid?: ((error: EventCheckError) => "skip" | "end") | undefined;
  /**
   * What happens to events whose type has no schema:
   *
   * - `"skip"`: they are left out, as an `EventSource` ignores a type without a listener.
   *   So a server may add types without breaking its clients.
   * - `"pass"`: they are handed out without `json`, which tells them from the others:
   *   `if ("json" in event)`.
   * - `"error"`: they do not fit, with the code `"unknown-type"`.
   *
   * If it is left out, they are skipped, but for events of the type `error`: those do not
   * fit. With them a server tells in the middle of a stream that it has failed.
   *
   * @default {"skip"}
   */
  unknownTypes?: Unknown | undefined;
  /**
   * The sentinel that ends the iteration: the data of an event of any type, with or without
   * blanks and quotes around it, or a function that tells it, which may not return a promise.
   * The event itself is not handed out.
   *
   * If it is given, a stream that ends without it was cut off: the iteration throws an
   * {@linkcode EventCheckError} with the code `"incomplete"`. So it does if this side closes
   * the source in another way than by the end of the iteration. If it is left out,
   * `[DONE]` without quotes ends the iteration, and so does the end of the stream.
   *
   * @param event An event, before it is checked.
   */
  done?: string | ((event: ServerSentEvent) => boolean) | undefined;
}

/** Options of {@linkcode checkListener}. */
export interface CheckListenerOptions {
  /**
   * Called with the error of an event that does not fit. The listener is not called then.
   *
   * If it is left out, the source of the event dispatches an `error` event, whose `error`
   * is this error and whose `message` is that of the error. So is what a schema throws. An
   * event that was not dispatched by a source becomes a warning.
   *
   * @param error The event, and what is wrong with it.
   */
  onInvalid?: ((error: EventCheckError) => void) | undefined;
}

/** The sentinel of most language models. It is not JSON, so no valid event has it. */
const DEFAULT_SENTINEL = "[DONE]";

/** UTF-16 code units of the blanks and quotes around a sentinel. */
const MAX_AROUND_SENTINEL = 64;

const CHECK_EVENTS_OPTIONS: OptionKinds<CheckEventsOptions<UnknownTypes>> = {
  onInvalid: "a function",
  unknownTypes: [
    '"skip", "pass" or "error"',
    (value) => value === "skip" || value === "pass" || value === "error",
  ],
  done: [
    "a string or a function",
    (value) => typeof value === "string" || typeof value === "function",
  ],
};

const CHECK_LISTENER_OPTIONS: OptionKinds<CheckListenerOptions> = {
  onInvalid: "a function",
};

/**
 * Checks events: reads the data of each as JSON, and lets the schema for its type check
 * it and perhaps transform it.
 *
 * An event without content, such as a heartbeat or one that tells the first ID, is left
 * out, and its ID counts, unless the schema for its type accepts `undefined`.
 *
 * An event that does not fit is never handed out: the iteration throws an
 * {@linkcode EventCheckError} unless `onInvalid` decides otherwise. The end of the
 * iteration, by `break`, an error or the sentinel, ends that of the source, so that a
 * connection is closed. Nothing is read ahead: each `next()` asks the source for an event,
 * and events are checked one by one in their order.
 *
 * @example Skip events that do not fit
 * ```ts
 * import { checkEvents } from "@tidings/sse/typed";
 * import { readEvents } from "@tidings/sse/parser";
 * import { z } from "npm:zod@4";
 * import { assertEquals } from "@std/assert";
 *
 * const text = "data: 1\n\nid: 7\ndata: two\n\ndata: 3\n\ndata: [DONE]\n\n";
 * const { body } = new Response(text);
 *
 * const invalid: (string | undefined)[] = [];
 * const events = checkEvents(readEvents(body!), { message: z.number() }, {
 *   onInvalid: ({ event }) => {
 *     invalid.push(event.id);
 *     return "skip";
 *   },
 * });
 *
 * const numbers = await Array.fromAsync(events, ({ json }) => json);
 * assertEquals(numbers, [1, 3]);
 * assertEquals(invalid, ["7"]);
 * ```
 *
 * @typeParam Source The type of the source.
 * @typeParam Schemas The type of the schemas.
 * @typeParam Unknown The value of `unknownTypes`.
 * @param source The source of the events.
 * @param schemas A schema for each event type.
 * @param options What happens to events that do not fit.
 * @returns The events, as an async iterator, which has the source as a member.
 * @throws {TypeError} If a value of `schemas` is not a schema, or an option is unknown or
 * of the wrong type.
 * @throws {EventCheckError} On iteration, if an event does not fit.
 */
export function checkEvents<
  Source extends AsyncIterable<ServerSentEvent>,
  Schemas extends EventSchemas,
  Unknown extends UnknownTypes = "skip",
>(
  source: Source,
  schemas: Schemas,
  options: CheckEventsOptions<Unknown> = {},
): CheckedEvents<
  Source,
  TypedEventOf<Schemas> | (Unknown extends "pass" ? ServerSentEvent : never)
> {
  const { onInvalid, unknownTypes, done } = readOptions(
    "check events",
    options,
    CHECK_EVENTS_OPTIONS,
  );
  for (const [type, schema] of Object.entries(schemas)) {
    assertSchema(`schemas.${type}`, schema);
  }
  return new CheckedEvents(source, {
    // Not looked up in the object: an event of the type "constructor" would find a schema.
    schemas: Object.entries(schemas),
    onInvalid,
    unknownTypes,
    isDone: makeIsDone(done),
    needsDone: done !== undefined,
  });
}

/** Makes the function that tells the sentinel. */
function makeIsDone(
  done: CheckEventsOptions["done"],
): (event: ServerSentEvent) => boolean {
  if (typeof done === "function") return done;
  const sentinel = done ?? DEFAULT_SENTINEL;
  return ({ data }) => {
    if (data === sentinel) return true;
    const more = data.length - sentinel.length;
    // An event that is longer holds more than the sentinel, and is not looked at.
    if (more <= 0 || more > MAX_AROUND_SENTINEL) return false;
    const text = data.trim();
    // In quotes the default is JSON, and may be an event.
    return text === sentinel ||
      done !== undefined &&
        text.replace(/^(["'])(.*)\1$/s, "$2").trim() === sentinel;
  };
}

/**
 * Makes a listener for an `EventSource`, of a browser or of this package, that is called
 * with the output of a schema for the data.
 *
 * It is called in the order of the events, however long the schema takes.
 *
 * @example Usage
 * ```ts
 * import { EventSource } from "@tidings/sse/client";
 * import { checkListener } from "@tidings/sse/typed";
 * import { z } from "npm:zod@4";
 * import { assertEquals } from "@std/assert";
 *
 * const headers = { "content-type": "text/event-stream" };
 * const source = new EventSource("https://example.com/ticks", {
 *   fetch: async () =>
 *     new Response('event: tick\ndata: {"price":1}\n\n', { headers }),
 * });
 *
 * const Tick = z.object({ price: z.number() });
 * const price = await new Promise<number>((resolve) =>
 *   source.addEventListener(
 *     "tick",
 *     checkListener(Tick, ({ price }) => resolve(price)),
 *   )
 * );
 * source.close();
 *
 * assertEquals(price, 1);
 * ```
 *
 * @typeParam Schema The type of the schema.
 * @param schema The schema for the data, read as JSON.
 * @param listener Called with the output of the schema, and the event.
 * @param options What happens to events that do not fit.
 * @returns The listener to add.
 * @throws {TypeError} If `schema` is not a schema, or an option is unknown or of the wrong
 * type.
 */
export function checkListener<Schema extends StandardSchema>(
  schema: Schema,
  listener: (
    json: SchemaOutput<Schema>,
    event: MessageEvent<string>,
  ) => unknown,
  options: CheckListenerOptions = {},
): (event: MessageEvent<string>) => void {
  assertSchema("schema", schema);
  const verb = "check listener";
  const { onInvalid } = readOptions(verb, options, CHECK_LISTENER_OPTIONS);
  return makeListener(
    // Its types do not say that it takes any value, which each schema does.
    schema as StandardSchema<unknown, SchemaOutput<Schema>>,
    listener,
    onInvalid,
  );
}

/**
 * Makes a schema that accepts any JSON as a `T`: the type without the check, for a sender
 * that is trusted.
 *
 * @example The answer of a language model
 * ```ts
 * import { checkEvents, unchecked } from "@tidings/sse/typed";
 * import { readEvents } from "@tidings/sse/parser";
 * import { assertEquals } from "@std/assert";
 *
 * const response = new Response(
 *   'data: {"text":"Hel"}\n\ndata: {"text":"lo"}\n\ndata: [DONE]\n\n',
 *   { headers: { "content-type": "text/event-stream" } },
 * );
 *
 * let text = "";
 * const schemas = { message: unchecked<{ text: string }>() };
 * for await (const { json } of checkEvents(readEvents(response), schemas)) {
 *   text += json.text;
 * }
 * assertEquals(text, "Hello");
 * ```
 *
 * @typeParam T The type of the JSON.
 * @returns The schema.
 */
export function unchecked<T>(): StandardSchema<T> {
  return {
    "~standard": {
      version: 1,
      vendor: "tidings",
      // It does not ask for an event without content, for which it would get `undefined`.
      validate: (value) =>
        value === undefined
          ? { issues: [{ message: "There is no content" }] }
          : { value: value as T },
    },
  };
}
