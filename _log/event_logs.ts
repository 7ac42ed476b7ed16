// Copyright 2026 the Tidings authors. MIT license.

/**
 * Many logs by name in one engine: the interface that every such engine implements,
 * and the one error that its callers have to tell apart.
 *
 * @module
 */

import { assertName, quote } from "../_validate.ts";
import type { TextEventInit } from "../event.ts";
import type {
  EventLog,
  EventLogAppendOptions,
  LoggedEvent,
} from "./event_log.ts";

/** Options of {@linkcode EventLogs.open}. */
export interface EventLogOpenOptions {
  /**
   * Milliseconds after an append by which all of the name is gone, an integer of at
   * least 1 or `Infinity`. The next append begins this time anew.
   *
   * @default {Infinity}
   */
  expireIn?: number | undefined;
}

/** Options of {@linkcode EventLogs.claim}. */
export interface EventLogClaimOptions {
  /**
   * Milliseconds after which the name can be claimed by others, unless the claim is
   * renewed: an integer of at least 1.
   */
  leaseTime: number;
  /**
   * Milliseconds after which all of the name is gone, whoever still uses it: an
   * integer of at least 1 or `Infinity`.
   *
   * @default {Infinity}
   */
  expireIn?: number | undefined;
  /**
   * The ID of the log's last event, as far as the caller knows; left out, the log is
   * to be empty. If it is not so any more, the name is not claimed.
   */
  after?: string | undefined;
  /**
   * Whether the events of the name are dropped, so that the log begins anew.
   *
   * @default {false}
   */
  replace?: boolean | undefined;
  /** An event that is appended in the same step. Left out, there is none. */
  event?: TextEventInit | undefined;
}

/** What is known of a name. */
export interface EventLogState {
  /** The last event of its log, `undefined` if there is none. */
  last: LoggedEvent | undefined;
  /** Whether somebody holds the name at present. */
  isClaimed: boolean;
}

/** The right to write a log, which one holder at a time has. */
export interface EventLogClaim {
  /** The end of the log when it was claimed: what comes after was appended since. */
  readonly cursor: string;

  /**
   * Adds an event at the end of the log, as {@linkcode EventLog.append} does, but only
   * as long as nobody else has claimed the name.
   *
   * @returns The event's ID. It rejects with an {@linkcode EventLogClaimError} if the
   * name was claimed by somebody else or is gone; nobody gets the event then.
   */
  append(
    event: TextEventInit,
    options?: EventLogAppendOptions,
  ): Promise<string>;

  /**
   * Begins the lease anew, also where it has run out and nobody else has claimed the
   * name meanwhile.
   *
   * @returns Whether the name is still held.
   */
  renew(): Promise<boolean>;

  /** Gives the name free. It has no effect if somebody else holds it. */
  release(): Promise<void>;
}

/**
 * Many logs by name in one engine. A name can be claimed, so that of any number of
 * processes one alone does what is to be done once, and it expires, so that nothing
 * has to be swept up.
 *
 * Whoever implements it can hold it against `tests/conformance/event_logs_suite.ts`.
 *
 * @example Work that is done once
 * ```ts
 * import { type EventLogs, MemoryEventLogs } from "@tidings/sse/log";
 * import { assertEquals } from "@std/assert";
 *
 * async function exportOnce(logs: EventLogs, name: string): Promise<boolean> {
 *   const claim = await logs.claim(name, { leaseTime: 10_000 });
 *   if (claim === undefined) return false; // somebody does it, or has done it
 *   await claim.append({ data: "exported" });
 *   await logs.expire(name, 60_000);
 *   await claim.release();
 *   return true;
 * }
 *
 * using logs = new MemoryEventLogs();
 * assertEquals(await exportOnce(logs, "2026"), true);
 * assertEquals(await exportOnce(logs, "2026"), false);
 * ```
 */
export interface EventLogs {
  /**
   * Gives the log of a name, which anybody may read, follow and append to. It need
   * not exist: then it is empty, and the first append makes it.
   *
   * @param name Well-formed text of 1 to 1040 bytes of UTF-8, where U+0000 counts as two.
   * Whatever it holds, no name reaches another's log.
   * @param options When it is to be gone.
   * @returns The log, at once.
   */
  open(name: string, options?: EventLogOpenOptions): EventLog;

  /**
   * Claims a name. Whoever has held it before cannot append any more.
   *
   * @returns The claim, `undefined` if somebody else holds the name, or if its log
   * does not end where the caller believes.
   */
  claim(
    name: string,
    options: EventLogClaimOptions,
  ): Promise<EventLogClaim | undefined>;

  /** Tells what is known of a name, without leaving a trace of it. */
  inspect(name: string): Promise<EventLogState>;

  /**
   * Lets a name expire: once that time is over, nothing of it is left, its claim
   * included. A name that is not there stays so.
   *
   * @param delay Milliseconds, an integer of at least 1.
   */
  expire(name: string, delay: number): Promise<void>;
}

/**
 * Says that a claim is held no more: somebody else has claimed the name, or it is
 * gone. What was to be appended is in no log.
 *
 * @example Usage
 * ```ts
 * import { EventLogClaimError, MemoryEventLogs } from "@tidings/sse/log";
 * import { assertRejects } from "@std/assert";
 *
 * using logs = new MemoryEventLogs();
 * const claim = await logs.claim("export", { leaseTime: 10_000 });
 * await claim?.release();
 * await logs.claim("export", { leaseTime: 10_000 });
 *
 * await assertRejects(async () => {
 *   await claim?.append({ data: "too late" });
 * }, EventLogClaimError);
 * ```
 */
export class EventLogClaimError extends Error {
  /** The name of the class. */
  override readonly name = "EventLogClaimError";
  /** The name that was claimed. */
  readonly logName: string;

  /**
   * Makes an error.
   *
   * @param logName The name that was claimed.
   */
  constructor(logName: string) {
    super(
      `Cannot append event: the claim of ${
        JSON.stringify(logName.slice(0, 40))
      } is lost, one that is held is wanted`,
    );
    this.logName = logName;
  }
}

/**
 * The most that the name of a log may take. An ID of a run takes 16 less: a part adds to
 * the names that it is given. The keys of Deno KV take 2048 bytes, prefix included.
 */
export const MAX_LOG_NAME_BYTES = 1040;

const ENCODER = new TextEncoder();

/**
 * Checks the name of a log.
 *
 * @param verb What cannot be done otherwise.
 * @param name The name.
 * @param maxBytes The most that it may take.
 * @param parameter What the caller knows it as.
 * @throws {TypeError} If it is not a string, empty or not well-formed.
 * @throws {RangeError} If it takes too many bytes.
 */
export function assertLogName(
  verb: string,
  name: string,
  maxBytes: number = MAX_LOG_NAME_BYTES,
  parameter = "name",
): void {
  assertName(verb, parameter, name);
  if (name === "") {
    throw new TypeError(
      `Cannot ${verb}: "${parameter}" is "", expected some text`,
    );
  }
  const bytes = countNameBytes(name);
  if (bytes <= maxBytes) return;
  throw new RangeError(
    `Cannot ${verb}: "${parameter}" is ${
      quote(name)
    }, expected at most ${maxBytes} bytes of UTF-8, got ${bytes}`,
  );
}

/** The bytes of a name in UTF-8, where U+0000 counts as two, since Deno KV escapes it. */
function countNameBytes(name: string): number {
  return ENCODER.encode(name).length + name.split("\0").length - 1;
}
