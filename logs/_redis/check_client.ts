// Copyright 2026 the Tidings authors. MIT license.

/**
 * The check of the client that the logs in Redis are given.
 *
 * @module
 */

import { describeMismatch } from "../../_validate.ts";
import type { RedisClient } from "./client.ts";

/**
 * Checks that a value is a client. Those of npm are none: they have to be adapted.
 *
 * @param verb What fails otherwise.
 * @param client The value.
 * @throws {TypeError} If it has no `send()`.
 */
export function assertRedisClient(verb: string, client: RedisClient): void {
  if (typeof client?.send === "function") return;
  const expected = "a client with send(), duplicate() and close()";
  throw new TypeError(describeMismatch(verb, "client", expected, client));
}
