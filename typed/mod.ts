// Copyright 2026 the Tidings authors. MIT license.

/**
 * Events whose JSON is checked before it is believed.
 *
 * {@linkcode checkEvents} goes around whatever gives events: `readEvents()`,
 * `connect()`, a stream. With a schema for each event type, from zod, valibot,
 * arktype or any other library that implements
 * [Standard Schema](https://standardschema.dev), it gives events that a `switch` over
 * their type narrows, each with `json` of its own type.
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

/** A schema for each event type; events without a type go by `message`. */
export type EventSchemas = Readonly<Record<string, StandardSchema>>;

/**
 * An event that was checked.
 *
 * @typeParam Type The event type.
 * @typeParam Json What the schema makes of its data.
 */
export interface TypedEvent<Type extends string, Json> extends ServerSentEvent {
  /** The event type. */
  event: Type;
  /** What the schema has made of `data`. */
  json: Json;
}

// Both of these are conditional types, so that an editor shows what they come to, and
// not the schemas that they are made of.

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
 * What is sent to those who read with these schemas, as the map that channels and
 * sessions take: `new EventChannel<EventsOf<typeof schemas>>()`.
 */
export type EventsOf<Schemas extends EventSchemas> = Schemas extends unknown
  ? { [Type in keyof Schemas & string]: SchemaInput<Schemas[Type]> }
  : never;

/** What becomes of events whose type has no schema. */
export type UnknownTypes = "skip" | "pass" | "error";

/** Options of {@linkcode checkEvents}. */
export interface CheckEventsOptions<Unknown extends UnknownTypes = "skip"> {
  /**
   * Decides about an event that does not fit: `"skip"` goes on with the next one, and
   * `"end"` ends the iteration as if the events were at their end. If it throws, that
   * is what the iteration throws.
   *
   * Left out, the iteration throws the error.
   *
   * @param error What is wrong, with which event.
   */
  onInvalid?: ((error: EventCheckError) => "skip" | "end") | undefined;
  /**
   * What becomes of events whose type has no schema:
   *
   * - `"skip"`: they are left out, as an `EventSource` does with a type that nobody
   *   listens to. So a server may add types without breaking those who read.
   * - `"pass"`: they are handed out as they are, without `json`, which tells them
   *   from the others: `if ("json" in event)`.
   * - `"error"`: they do not fit, with the code `"unknown-type"`.
   *
   * @default {"skip"}
   */
  unknownTypes?: Unknown | undefined;
  /**
   * The data that ends the iteration, whatever the type of its event. It is no JSON,
   * so that nothing else can be taken for it.
   *
   * @default {"[DONE]"}
   */
  done?: string | undefined;
}

/** Options of {@linkcode checkListener}. */
export interface CheckListenerOptions {
  /**
   * Is told of an event that does not fit, for which the listener is not called.
   *
   * Left out, the error is reported as what a listener throws is: as an uncaught
   * exception.
   *
   * @param error What is wrong, with which event.
   */
  onInvalid?: ((error: EventCheckError) => void) | undefined;
}

/**
 * Checks events: reads the data of each as JSON, and has it checked, and perhaps
 * transformed, by the schema for its type.
 *
 * What does not fit is never handed out: the iteration throws an
 * {@linkcode EventCheckError} unless `onInvalid` decides otherwise. Ending the
 * iteration, by `break`, an error or the sentinel, ends that of the source, so that a
 * connection is closed. An event is asked for when one is asked for here, and schemas
 * are asked one by one, in the order of the events.
 *
 * @example What does not fit is skipped, and told
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
 * @typeParam Source What the events come from.
 * @typeParam Schemas The schemas.
 * @typeParam Unknown What becomes of events whose type has no schema.
 * @param source What gives the events.
 * @param schemas A schema for each event type.
 * @param options What becomes of what does not fit.
 * @returns The events, as an async iterator, with the source beside them.
 * @throws {TypeError} If one of the schemas is none.
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
  const { onInvalid, unknownTypes = "skip", done = "[DONE]" } = options;
  for (const [type, schema] of Object.entries(schemas)) {
    assertSchema(`the schema of ${JSON.stringify(type)}`, schema);
  }
  return new CheckedEvents(source, {
    // Types come from the other side: `constructor` is not to find anything.
    schemas: Object.entries(schemas),
    onInvalid,
    unknownTypes,
    done,
  });
}

/**
 * Makes a listener for an `EventSource`, of a browser or ours, that is called with
 * what a schema makes of the data.
 *
 * Events reach it in their order, however long the schema takes.
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
 * @typeParam Schema The schema.
 * @param schema What the data, read as JSON, has to fit.
 * @param listener Is called with what the schema makes of it, and the event.
 * @param options What becomes of what does not fit.
 * @returns The listener to add.
 * @throws {TypeError} If the schema is none.
 */
export function checkListener<Schema extends StandardSchema>(
  schema: Schema,
  listener: (
    json: SchemaOutput<Schema>,
    event: MessageEvent<string>,
  ) => unknown,
  options: CheckListenerOptions = {},
): (event: MessageEvent<string>) => void {
  assertSchema("the schema", schema);
  return makeListener(
    // Its own types say what it makes.
    schema as StandardSchema<unknown, SchemaOutput<Schema>>,
    listener,
    options.onInvalid,
  );
}

/**
 * Makes a schema that takes any JSON and believes that it is a `T`: the type without
 * the check, for a sender that is trusted.
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
 * @typeParam T What the JSON is known to be.
 * @returns The schema.
 */
export function unchecked<T>(): StandardSchema<T> {
  return {
    "~standard": {
      version: 1,
      vendor: "tidings",
      validate: (value) => ({ value: value as T }),
    },
  };
}
