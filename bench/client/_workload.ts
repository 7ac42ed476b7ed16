// Copyright 2026 the Tidings authors. MIT license.

/** What the server of the client benches sends and its clients count. */

import { createWorkload, type Workload } from "../_fixtures.ts";

/** How the workload is cut, and how often it is sent: some 2222 events each time. */
export const CLIENT_CHUNKINGS = {
  "64KiB": 90,
  "16KiB": 90,
  "event": 2,
} as const;

/** The name of a way to cut it, which is the path that the server answers. */
export type ClientChunking = keyof typeof CLIENT_CHUNKINGS;

/** The workload that is sent, again and again. */
export function clientWorkload(): Workload {
  return createWorkload("anthropic");
}
