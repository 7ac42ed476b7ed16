// Copyright 2026 the Tidings authors. MIT license.

/**
 * The ordered, bounded history of events behind a channel.
 *
 * {@linkcode EventLog} is what a channel asks of a history, and
 * {@linkcode MemoryEventLog} is the one that it uses by default. Three words matter:
 *
 * - **Order.** A log has one order of events, the same for all readers and followers
 *   in all processes. Events of one process that are appended one
 *   after the other, without waiting in between, keep that order. Once an event can
 *   be read, no event ever appears before it.
 * - **Cursor.** The ID of an event also names the position after it, so "read after
 *   this" needs no other state than the `Last-Event-ID` of a client. A log also
 *   gives cursors for other positions (its beginning, its end while it is empty).
 *   Cursors are opaque strings: only the log that gave one can tell what it means.
 * - **Gap.** A log that is asked for what comes after a cursor gives every event
 *   after it, or says that some are missing. It never skips an event silently.
 *
 * @example What a client missed
 * ```ts
 * import { MemoryEventLog } from "@tidings/sse/log";
 * import { assertEquals } from "@std/assert";
 *
 * const log = new MemoryEventLog();
 * const id = await log.append({ data: "seen" });
 * await log.append({ data: "missed" });
 *
 * const { events, gap } = await log.read(id);
 * assertEquals(events.map((event) => event.data), ["missed"]);
 * assertEquals(gap, false);
 * ```
 *
 * @module
 */

export type {
  EventLog,
  EventLogAppendOptions,
  EventLogBatch,
  EventLogFollowOptions,
  EventLogOptions,
  EventLogReadOptions,
  LoggedEvent,
} from "./_log/event_log.ts";
export { EventLogEntryError } from "./_log/entry_error.ts";
export {
  type EventLogClaim,
  EventLogClaimError,
  type EventLogClaimOptions,
  type EventLogExpireOptions,
  type EventLogOpenOptions,
  type EventLogs,
  type EventLogState,
} from "./_log/event_logs.ts";
export {
  MemoryEventLog,
  type MemoryEventLogOptions,
} from "./_log/memory_event_log.ts";
export { MemoryEventLogs } from "./_log/memory_event_logs.ts";
