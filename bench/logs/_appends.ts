// Copyright 2026 the Tidings authors. MIT license.

/** How many events a log takes. */

import type { EventLog } from "../../log.ts";

// 250 bytes with the rest of the frame; the clients of the fan-out count the "~".
export const DATA: string = "~".padEnd(216, "x");
/** Appends of one event loop turn, or of one transaction. */
export const TOGETHER = 100;

/** Appends some events; gives how many. */
export type AppendSome = () => Promise<number>;

/** Appends so many events in one event loop turn. */
export function appendTogether(log: EventLog, count: number): AppendSome {
  return async () => {
    const appends = Array.from(
      { length: count },
      () => log.append({ data: DATA }),
    );
    await Promise.all(appends);
    return count;
  };
}

/** Appends in one transaction of the application. */
export function appendInTransaction(
  db: { exec(sql: string): unknown },
  log: EventLog,
): AppendSome {
  const append = appendTogether(log, TOGETHER);
  return async () => {
    db.exec("BEGIN");
    const appended = append();
    db.exec("COMMIT");
    return await appended;
  };
}

/** Appends for so many milliseconds; gives events per second. */
export async function measureAppends(
  append: AppendSome,
  duration: number,
): Promise<number> {
  const start = performance.now();
  let events = 0;
  while (performance.now() < start + duration) events += await append();
  return events / (performance.now() - start) * 1000;
}
