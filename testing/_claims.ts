// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the cases of `EventLogs` claim and wait with.
 *
 * @module
 */

import type { EventLogClaim, EventLogs } from "../log.ts";
import { assert } from "./_assert.ts";
import type { EventLogsFixture } from "./_case.ts";
import { readAll } from "./_readers.ts";
import { within } from "./_within.ts";

/** Long enough for any machine. */
export const LONG = 60_000;
/** Milliseconds after which a lease runs out, or a name expires. */
export const SHORT = 100;

/** Declares one case. */
export type DeclareLogsCase = (
  behaviour: string,
  fn: (fixture: CheckedLogsFixture) => Promise<void>,
) => void;

/** A fixture with what may be left out filled in. */
export interface CheckedLogsFixture extends EventLogsFixture {
  other: EventLogs;
  countEntries: () => Promise<number> | number;
  /** Whether entries cannot be counted. */
  countsNothing: boolean;
}

/** Claims a name that can be claimed. */
export async function hold(
  logs: EventLogs,
  name: string,
  after?: string,
): Promise<EventLogClaim> {
  const claim = await logs.claim(name, { leaseTime: LONG, after });
  assert(claim !== undefined, `${name} is not to be had`);
  return claim;
}

/** Takes the place of a claim. */
export function takeOver(
  logs: EventLogs,
  name: string,
  id: string | undefined,
  replace: boolean,
): Promise<EventLogClaim | undefined> {
  assert(id !== undefined, "The engine cannot take over claims");
  return logs.claim(name, { leaseTime: LONG, takeOver: id, replace });
}

/** Claims a name as soon as it can be claimed. */
export async function untilClaimed(
  logs: EventLogs,
  name: string,
  after: string | undefined,
): Promise<EventLogClaim> {
  let claim: EventLogClaim | undefined;
  await until(async () => {
    claim = await logs.claim(name, { leaseTime: LONG, after });
    return claim !== undefined;
  });
  return claim!;
}

/** The data of all events of a name. */
export async function readData(
  logs: EventLogs,
  name: string,
): Promise<(string | undefined)[]> {
  const log = logs.open(name);
  const { events } = await readAll(log, await log.rewind(Infinity));
  return events.map(({ data }) => data);
}

/** Waits for a condition. */
export function until(condition: () => Promise<boolean>): Promise<void> {
  return within(
    "the condition holds",
    (async () => {
      while (!await condition()) await sleep(5);
    })(),
  );
}

/** Waits. `delay` is in milliseconds. */
export function sleep(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}
