// Copyright 2026 the Tidings authors. MIT license.

import type { ServerSentEvent } from "../event.ts";
import { EventCheckError } from "./_event_check_error.ts";
import type {
  StandardSchema,
  StandardSchemaResult,
} from "./_standard_schema.ts";

/**
 * Reads the data of an event as JSON and has it checked.
 *
 * @param event The event.
 * @param schema What the JSON has to fit.
 * @returns What the schema makes of it, later if the schema takes its time.
 * @throws {EventCheckError} If the data is no JSON or does not fit, or by way of the
 * promise; and whatever the schema throws.
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
 * Makes sure that something is a schema.
 *
 * @throws {TypeError} If it is none.
 */
export function assertSchema(name: string, schema: StandardSchema): void {
  if (typeof schema?.["~standard"]?.validate === "function") return;
  throw new TypeError(
    `Cannot check events: ${name} is of type ${typeof schema}, a Standard Schema is wanted`,
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
