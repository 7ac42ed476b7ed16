// Copyright 2026 the Tidings authors. MIT license.

/**
 * Many logs by name in one engine: the interface that every such engine implements,
 * its error, and the check of names.
 *
 * @module
 */

import { assertName, describeMismatch, quote } from "../_validate.ts";
import type { TextEventInit } from "../event.ts";
import type {
  EventLog,
  EventLogAppendOptions,
  LoggedEvent,
} from "./event_log.ts";
import { ENCODER } from "../_platform_class.ts";

/** Options of {@linkcode EventLogs.open}. */
export interface EventLogOpenOptions {
  /**
   * Milliseconds after the last append until the name expires, an integer of at least 1
   * or `Infinity`.
   *
   * @default {Infinity}
   */
  expireIn?: number | undefined;
}

/** Options of {@linkcode EventLogs.claim}. */
export interface EventLogClaimOptions {
  /**
   * Milliseconds until others can claim the name, unless the claim is renewed: an
   * integer of at least 1.
   */
  leaseTime: number;
  /**
   * Milliseconds until the name expires, even if it is in use: an integer of at least 1
   * or `Infinity`.
   *
   * @default {Infinity}
   */
  expireIn?: number | undefined;
  /**
   * The ID of the log's last event, as far as the caller knows; left out, the caller
   * expects an empty log. If the log ends elsewhere, the name is not claimed.
   */
  after?: string | undefined;
  /**
   * The {@linkcode EventLogState.claimId} of the claim to take the place of. While
   * that is the last claim of the name, the name is claimed, whether that claim is held
   * or not, and wherever the log ends: `after` does not count. So of several calls that
   * take the place of the same claim, one succeeds. Left out, a name that is claimed is
   * not claimed again.
   */
  takeOver?: string | undefined;
  /**
   * Whether the events of the name are dropped, so that the log starts over.
   *
   * @default {false}
   */
  replace?: boolean | undefined;
  /** An event that is appended in the same step. Left out, there is none. */
  event?: TextEventInit | undefined;
}

/** The state of a name. */
export interface EventLogState {
  /** The last event of its log, `undefined` if there is none. */
  last: LoggedEvent | undefined;
  /** Whether the name is claimed now. */
  isClaimed: boolean;
  /**
   * The {@linkcode EventLogClaim.id} of the last claim, whether it is held or not. It is
   * left out if the name is not there.
   */
  claimId?: string | undefined;
}

/** Options of {@linkcode EventLogs.expire}. */
export interface EventLogExpireOptions {
  /**
   * The ID of a claim: if there is a later claim, nothing is changed. Left out, the name
   * expires whatever claims there were.
   */
  claimId?: string | undefined;
}

/** The claim of a name: the right to write its log, which one process at a time has. */
export interface EventLogClaim {
  /** The end of the log when it was claimed. Events after it were appended later. */
  readonly cursor: string;

  /**
   * Identifies the claim among all claims of the name. An engine that cannot take over
   * claims leaves it out.
   */
  readonly id?: string | undefined;

  /**
   * Adds an event at the end of the log, as {@linkcode EventLog.append} does, but only
   * while no later claim of the name exists.
   *
   * @returns The event's ID. It rejects with an {@linkcode EventLogClaimError} if the
   * name was claimed again or is gone; no reader gets the event then.
   */
  append(
    event: TextEventInit,
    options?: EventLogAppendOptions,
  ): Promise<string>;

  /**
   * Renews the lease, also one that has run out, if there is no later claim.
   *
   * @returns Whether this is still the claim of the name.
   */
  renew(): Promise<boolean>;

  /** Releases the name. It has no effect if there is a later claim. */
  release(): Promise<void>;
}

/**
 * Many logs by name in one engine. A name can be claimed, so that only one of many
 * processes does what is to be done once, and it expires, so that nothing has to be
 * cleaned up.
 *
 * `eventLogsCases()` of `@tidings/sse/testing` tests an implementation.
 *
 * @example Work that is done once
 * ```ts
 * import { type EventLogs, MemoryEventLogs } from "@tidings/sse/log";
 * import { assertEquals } from "@std/assert";
 *
 * async function exportOnce(logs: EventLogs, name: string): Promise<boolean> {
 *   const claim = await logs.claim(name, { leaseTime: 10_000 });
 *   if (claim === undefined) return false; // another process does it, or has done it
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
   * Opens the log of a name, to read it, follow it and append to it. It need not
   * exist: then it is empty, and the first append creates it.
   *
   * @param name Well-formed text of 1 to 1040 bytes of UTF-8, where U+0000 counts as two.
   * Whatever characters it has, no name reaches the log of another.
   * @param options When the name expires.
   * @returns The log, at once.
   */
  open(name: string, options?: EventLogOpenOptions): EventLog;

  /**
   * Claims a name. Earlier claims of it cannot append any more.
   *
   * @returns The claim, `undefined` if the name is claimed, if its log does not end
   * where the caller expects, or if the claim to take over is not the last one.
   */
  claim(
    name: string,
    options: EventLogClaimOptions,
  ): Promise<EventLogClaim | undefined>;

  /** Gives the state of a name. It writes nothing. */
  inspect(name: string): Promise<EventLogState>;

  /**
   * Lets a name expire: after that time nothing of it is left, its claim included. A
   * name that does not exist is not created.
   *
   * @param delay Milliseconds, an integer of at least 1.
   * @param options Under which claim the name is to expire.
   */
  expire(
    name: string,
    delay: number,
    options?: EventLogExpireOptions,
  ): Promise<void>;
}

/**
 * An append under a claim failed, because there is a later claim of the name, or the
 * name is gone. The event is in no log.
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
      `Cannot append event: the claim of ${quote(logName)} is lost`,
    );
    this.logName = logName;
  }
}

/**
 * The most bytes that the name of a log may take. The ID of a run takes 16 less, since
 * runs append to it. The keys of Deno KV take 2048 bytes, prefix included.
 */
export const MAX_LOG_NAME_BYTES = 1040;

/**
 * Checks the name of a log.
 *
 * @param verb What fails otherwise.
 * @param name The name.
 * @param maxBytes The most bytes that it may take.
 * @param parameter The name of the parameter.
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
      describeMismatch(verb, parameter, "text that is not empty", name),
    );
  }
  if (countNameBytes(name) <= maxBytes) return;
  const expected = `text of at most ${maxBytes} bytes of UTF-8`;
  throw new RangeError(describeMismatch(verb, parameter, expected, name));
}

/** The bytes of a name in UTF-8, where U+0000 counts as two, since Deno KV escapes it. */
function countNameBytes(name: string): number {
  return ENCODER.encode(name).length + name.split("\0").length - 1;
}
