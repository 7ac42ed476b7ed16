// Copyright 2026 the Tidings authors. MIT license.

/**
 * `socketCounters()`: gives the application the counters of the sockets of this process.
 *
 * @module
 */

import type { StreamCounters } from "../_server/stream_counters.ts";
import { REGISTRY, TALLY } from "./_session_registry.ts";

/**
 * Counts what the sockets of this process have done so far. `delivered` and `bytes` count the
 * messages to clients, `closed` has the close codes, and `behind` counts sockets whose
 * client is away and may resume.
 *
 * @example Usage
 * ```ts
 * import { socketCounters } from "@tidings/sse/socket-server";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(socketCounters().size, 0);
 * ```
 *
 * @returns A copy, which does not change.
 */
export function socketCounters(): StreamCounters {
  const { size, away } = REGISTRY;
  const live = size - away;
  return TALLY.read({ size, live, behind: away, sinceLogFailure: undefined });
}
