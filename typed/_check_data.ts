// Copyright 2026 the Tidings authors. MIT license.

/**
 * The check of one event: its data as JSON, and the JSON against a schema. The iterator
 * and the listener of this room call it.
 *
 * @module
 */

import type { ServerSentEvent } from "../event.ts";
import { describeMismatch } from "../_validate.ts";
import { EventCheckError } from "./_event_check_error.ts";
import type {
  StandardSchema,
  StandardSchemaResult,
} from "./_standard_schema.ts";

const SPACE = 0x20;

const REFUSED = { issues: [] };

/** What {@linkcode checkData} gives for an event without content that nobody asks for. */
export const LEFT_OUT: unique symbol = Symbol("left out");

/**
 * Reads the data of an event as JSON, and checks it.
 *
 * An event without content is no malformed one: servers send such events as heartbeats,
 * and to tell the first ID. It has no JSON, so its schema is asked for `undefined`.
 *
 * @param event The event.
 * @param schema The schema for the JSON.
 * @returns The schema's output, or that the event is left out; a promise of it if the
 * schema is asynchronous.
 * @throws {EventCheckError} If the data is not JSON or does not fit the schema, unless the
 * promise rejects with it; and whatever the schema throws.
 */
export function checkData<Output>(
  event: ServerSentEvent,
  schema: StandardSchema<unknown, Output>,
): Output | typeof LEFT_OUT | Promise<Output | typeof LEFT_OUT> {
  const json = parse(event);
  if (json === undefined) return settle(event, askForNothing(schema), true);
  const result = schema["~standard"].validate(json);
  // An event that fits passes here without a closure.
  return "then" in result || result.issues !== undefined
    ? settle(event, result, false)
    : result.value;
}

function settle<Output>(
  event: ServerSentEvent,
  result:
    | StandardSchemaResult<Output>
    | PromiseLike<StandardSchemaResult<Output>>,
  isEmpty: boolean,
): Output | typeof LEFT_OUT | Promise<Output | typeof LEFT_OUT> {
  const take = (result: StandardSchemaResult<Output>) => {
    if (result.issues === undefined) return result.value;
    if (isEmpty) return LEFT_OUT;
    throw new EventCheckError("invalid", event, { issues: result.issues });
  };
  return "then" in result ? Promise.resolve(result).then(take) : take(result);
}

/**
 * Whether an event has no content. Data that begins with anything else is not looked at.
 *
 * @param event The event.
 */
export function hasNoContent({ data }: ServerSentEvent): boolean {
  return data === "" || data.charCodeAt(0) <= SPACE && data.trim() === "";
}

/**
 * Checks that a value is a schema.
 *
 * @param name The event type, or the name of the parameter.
 * @param schema The value.
 * @throws {TypeError} If it is not a schema.
 */
export function assertSchema(name: string, schema: StandardSchema): void {
  if (typeof schema?.["~standard"]?.validate === "function") return;
  throw new TypeError(
    describeMismatch("check events", name, "a Standard Schema", schema),
  );
}

/** Asks a schema for `undefined`. Many a schema by hand reads a member of what it gets. */
function askForNothing<Output>(
  schema: StandardSchema<unknown, Output>,
):
  | StandardSchemaResult<Output>
  | PromiseLike<StandardSchemaResult<Output>> {
  try {
    const result = schema["~standard"].validate(undefined);
    return "then" in result
      ? Promise.resolve(result).catch(() => REFUSED)
      : result;
  } catch {
    return REFUSED;
  }
}

/** @returns The JSON, `undefined` if the event has no content. */
function parse(event: ServerSentEvent): unknown {
  const { data } = event;
  if (data.length === 0) return undefined;
  try {
    return JSON.parse(data);
  } catch (cause) {
    // Not looked at before: that costs as much as the other steps of a check.
    if (hasNoContent(event)) return undefined;
    throw new EventCheckError("not-json", event, { cause });
  }
}
