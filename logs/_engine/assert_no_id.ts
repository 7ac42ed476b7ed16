// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks that an event has no ID of its own, for engines that give the IDs.
 *
 * @module
 */

import { describeMismatch } from "../../_validate.ts";
import type { ServerSentEventInit } from "../../event.ts";

/**
 * Checks that an event has no ID of the application's own.
 *
 * @throws {TypeError} If it has one.
 */
export function assertNoId({ id }: ServerSentEventInit): void {
  if (id === undefined) return;
  const expected = "undefined, since this log gives the IDs";
  throw new TypeError(describeMismatch("append event", "id", expected, id));
}
