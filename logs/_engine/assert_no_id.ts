// Copyright 2026 the Tidings authors. MIT license.

import type { ServerSentEventInit } from "../../event.ts";

/**
 * Refuses an event with an ID of the application's own.
 *
 * @throws {TypeError} If it has one.
 */
export function assertNoId({ id }: ServerSentEventInit): void {
  if (id === undefined) return;
  throw new TypeError(
    `Cannot append event: "id" is ${
      JSON.stringify(String(id).slice(0, 40))
    }, none is wanted, since this log gives the IDs`,
  );
}
