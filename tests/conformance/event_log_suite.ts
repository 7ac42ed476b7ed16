// Copyright 2026 the Tidings authors. MIT license.

/**
 * Declares the public cases of `EventLog` as tests.
 *
 * ```ts ignore (the engine is only a name here)
 * testEventLog("MyEventLog", () => ({ log: new MyEventLog() }), { ownIds: false });
 * ```
 */

import {
  type ConformanceCase,
  eventLogCases,
  type EventLogCasesOptions,
  type OpenEventLog,
} from "../../testing/mod.ts";

export type { EventLogFixture } from "../../testing/mod.ts";

/** What the cases cannot know by themselves, and whether there is an engine. */
export interface TestEventLogOptions extends EventLogCasesOptions {
  ownIds: boolean;
  /** Whether to show the tests as ignored, for engines that are not there. */
  ignore?: boolean;
}

/** What our own logs keep. */
export const KEEPS_ALL = { conflationKeys: true, disconnects: true };

/** Declares the tests of one implementation. Each of them asks for an empty log. */
export function testEventLog(
  name: string,
  makeLog: OpenEventLog,
  { ignore = false, ...options }: TestEventLogOptions,
): void {
  const all = { ...KEEPS_ALL, ...options };
  declareCases(name, eventLogCases(makeLog, all), ignore);
}

/** Declares cases as tests. */
export function declareCases(
  suite: string,
  cases: readonly ConformanceCase[],
  ignore: boolean,
): void {
  for (const { name, run } of cases) {
    Deno.test(`${suite}.${name}`, { ignore }, run);
  }
}
