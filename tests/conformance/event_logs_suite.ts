// Copyright 2026 the Tidings authors. MIT license.

/**
 * Declares the public cases of `EventLogs` as tests.
 *
 * ```ts ignore (the engine is only a name here)
 * testEventLogs("MyEventLogs", () => makeMyLogs(), { ownIds: false });
 * ```
 */

import type { EventLogs } from "../../log.ts";
import {
  eventLogsCases,
  type EventLogsFixture as PublicFixture,
} from "../../testing/mod.ts";
import {
  declareCases,
  KEEPS_ALL,
  type TestEventLogOptions,
} from "./event_log_suite.ts";

/** Logs to test, as two processes have them, and how many entries there are. */
export interface EventLogsFixture extends PublicFixture {
  other: EventLogs;
  countEntries: () => Promise<number> | number;
}

/** Declares the tests of one implementation. Each of them asks for an empty engine. */
export function testEventLogs(
  name: string,
  makeLogs: () => Promise<EventLogsFixture> | EventLogsFixture,
  { ignore = false, ...options }: TestEventLogOptions,
): void {
  const all = { ...KEEPS_ALL, ...options };
  declareCases(name, eventLogsCases(makeLogs, all), ignore);
}
