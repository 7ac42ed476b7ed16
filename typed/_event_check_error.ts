// Copyright 2026 the Tidings authors. MIT license.

/**
 * The error for an event that does not fit, and its message.
 *
 * @module
 */

import { describeMismatch, quote } from "../_validate.ts";
import type { ServerSentEvent } from "../event.ts";
import type { StandardSchemaIssue } from "./_standard_schema.ts";

/** Why an {@linkcode EventCheckError} was thrown. */
export type EventCheckErrorCode =
  | "not-json"
  | "invalid"
  | "unknown-type"
  | "incomplete";

/** The facts of an {@linkcode EventCheckError}. */
export interface EventCheckErrorOptions extends ErrorOptions {
  /** What the schema finds wrong. */
  issues?: readonly StandardSchemaIssue[] | undefined;
}

/**
 * Thrown where an event is not what was expected. Its `code` says why:
 *
 * - `"not-json"`: its data is not JSON
 * - `"invalid"`: the JSON does not fit the schema; `issues` say where
 * - `"unknown-type"`: there is no schema for its type, and `unknownTypes` is `"error"` or
 *   its type is `error`
 * - `"incomplete"`: the stream ended without the sentinel that the option `done` demands
 *
 * @example What is wrong, and with which event
 * ```ts
 * import { checkEvents, EventCheckError } from "@tidings/sse/typed";
 * import { encodeEvents } from "@tidings/sse/encoder";
 * import { readEvents } from "@tidings/sse/parser";
 * import { z } from "npm:zod@4";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const { body } = new Response(
 *   encodeEvents([{ event: "tick", json: { price: "1" }, id: 7 }]),
 * );
 * const events = checkEvents(readEvents(body!), {
 *   tick: z.object({ price: z.number() }),
 * });
 *
 * const error = await assertRejects(() => events.next(), EventCheckError);
 * assertEquals(error.code, "invalid");
 * assertEquals(error.event.id, "7");
 * assertEquals(error.issues[0]?.path, ["price"]);
 * ```
 */
export class EventCheckError extends Error {
  /** The name of the class. */
  override name = "EventCheckError";
  /** Why the error was thrown. */
  readonly code: EventCheckErrorCode;
  /**
   * The event as it was received, with its ID. If the code is `"incomplete"`, it is the
   * last event that was received, or one with empty data if there was none.
   */
  readonly event: ServerSentEvent;
  /** What is wrong, as the schema reports it; empty if no schema was asked. */
  readonly issues: readonly StandardSchemaIssue[];

  /**
   * Makes an error.
   *
   * @param code Why the error is thrown.
   * @param event The event.
   * @param options The issues, and the cause.
   */
  constructor(
    code: EventCheckErrorCode,
    event: ServerSentEvent,
    options: EventCheckErrorOptions = {},
  ) {
    const { issues = [] } = options;
    super(describe(code, event, issues), options);
    this.code = code;
    this.event = event;
    this.issues = issues;
  }
}

function describe(
  code: EventCheckErrorCode,
  { event, data }: ServerSentEvent,
  [issue, ...others]: readonly StandardSchemaIssue[],
): string {
  if (code === "not-json") {
    return describeMismatch("check event", "data", "JSON", data);
  }
  if (code === "incomplete") {
    return "Cannot check events: the stream ended before its last event";
  }
  if (code === "unknown-type") {
    if (event === "error") {
      return `Cannot check event: the server sent an error, ${quote(data)}`;
    }
    const expected = "a type that has a schema";
    return describeMismatch("check event", "event", expected, event);
  }
  // Not `path.map()`: the path may be of a subclass with a constructor of its own.
  const path = Array.from(
    issue?.path ?? [],
    (step) => String(typeof step === "object" ? step.key : step),
  );
  const where = path.length === 0 ? "" : ` at ${quote(path.join("."))}`;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return `Cannot check event: ${
    quote(event)
  } does not fit its schema${where}: ${issue?.message}${more}`;
}
