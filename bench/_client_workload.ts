// Copyright 2026 the Tidings authors. MIT license.

/** What the server of the client benches sends and its clients count. */

import { createWorkload, type Workload } from "./_fixtures.ts";

/** How often the workload is sent: about 200 000 events in all. */
export const CLIENT_REPEATS = 90;

/** The workload that is sent, again and again. */
export function clientWorkload(): Workload {
  return createWorkload("anthropic");
}
