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

/**
 * Reads the data of an event as JSON, and checks it.
 *
 * @param event The event.
 * @param schema The schema for the JSON.
 * @returns The schema's output; a promise of it if the schema is asynchronous.
 * @throws {EventCheckError} If the data is not JSON or does not fit the schema, unless the
 * promise rejects with it; and whatever the schema throws.
 */
export function checkData<Output>(
  event: ServerSentEvent,
  schema: StandardSchema<unknown, Output>,
): Output | Promise<Output> {
  const result = schema["~standard"].validate(parse(event));
  return "then" in result
    ? Promise.resolve(result).then((result) => conclude(event, result))
    : conclude(event, result);
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

function parse(event: ServerSentEvent): unknown {
  try {
    return JSON.parse(event.data);
  } catch (cause) {
    throw new EventCheckError("not-json", event, { cause });
  }
}

function conclude<Output>(
  event: ServerSentEvent,
  result: StandardSchemaResult<Output>,
): Output {
  if (result.issues === undefined) return result.value;
  throw new EventCheckError("invalid", event, { issues: result.issues });
}
