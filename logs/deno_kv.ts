// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log in Deno KV: the history of a channel that survives a restart and that several
 * processes share.
 *
 * The channel reaches all processes that share the `Deno.Kv`. `Deno.openKv()` opens a file
 * on one machine, at a path that depends on the script or is given, as in
 * `Deno.openKv("./kv.db")`. On Deno Deploy, or with the URL of a service, it opens one
 * store for many machines.
 *
 * @example A channel over Deno KV
 * ```ts
 * import { EventChannel } from "@tidings/sse/channel";
 * import { DenoKvEventLog } from "@tidings/sse/deno-kv";
 * import { assertEquals } from "@std/assert";
 *
 * using kv = await Deno.openKv(":memory:");
 * const log = new DenoKvEventLog(kv, ["news"]);
 * await using channel = new EventChannel({ log });
 * const id = await channel.publish({ data: "seen" });
 * await channel.publish({ data: "missed" });
 *
 * // Another process knows the ID as well.
 * const other = new DenoKvEventLog(kv, ["news"]);
 * const { events } = await other.read(id);
 * assertEquals(events[0]?.data, "missed");
 * ```
 *
 * @module
 */

import { type OptionKinds, readOptions } from "../_options.ts";
import type { TextEventInit } from "../event.ts";
import type {
  EventLog,
  EventLogAppendOptions,
  EventLogBatch,
  EventLogFollowOptions,
  EventLogOptions,
  EventLogReadOptions,
} from "../log.ts";
import { KvHistory } from "./_deno_kv/history.ts";
import { KvLog } from "./_deno_kv/log.ts";
import { checkStore } from "./_deno_kv/replies.ts";
import { checkKvOptions, describePrefix } from "./_deno_kv/option_checks.ts";
import type { KvKeyPart, KvStore } from "./_deno_kv/store.ts";
import { checkKeptEvents } from "./_engine/kept_events.ts";

export {
  DenoKvEventLogs,
  type DenoKvEventLogsOptions,
} from "./_deno_kv/event_logs.ts";
export type {
  KvAtomic,
  KvEntry,
  KvKeyPart,
  KvStore,
} from "./_deno_kv/store.ts";

/** Options for {@linkcode DenoKvEventLog}. */
export interface DenoKvEventLogOptions {
  /**
   * The most events to keep, an integer of at least 1 or `Infinity`. Older ones are
   * dropped some at a time, so up to about 300 more may be there.
   *
   * @default {10_000}
   */
  maxEvents?: number | undefined;
  /**
   * Milliseconds for which to keep an event, an integer of at least 1 or `Infinity`.
   * Deno KV drops older ones some time later.
   *
   * @default {Infinity}
   */
  maxAge?: number | undefined;
  /**
   * Milliseconds after which a follower reads the log even if Deno KV has reported no
   * change: 1 to 2 147 483 647, or `Infinity` for never. Deno KV reports changes to all
   * workers of one process, and to all machines of a service, so there it may be long; it
   * does not report them to other processes that have the same file open.
   *
   * @default {250}
   */
  pollInterval?: number | undefined;
  /**
   * Milliseconds after which a call that Deno KV has not answered fails: 1 to
   * 2 147 483 647. It rejects with an error whose name is `"TimeoutError"`. If this process
   * stood still meanwhile, the time starts again.
   *
   * @default {10_000}
   */
  timeout?: number | undefined;
}

const OPTIONS: OptionKinds<DenoKvEventLogOptions> = {
  maxEvents: "any",
  maxAge: "any",
  pollInterval: "any",
  timeout: "any",
};

/**
 * A log in Deno KV, under a prefix of its keys. It leaves the `Deno.Kv` open.
 *
 * - IDs have the form `epoch-sequence`: the epoch is random and drawn at the first use of
 *   the prefix, and the sequence numbers the events from 1. Events must not bring their
 *   own.
 * - The events of one event loop turn share a commit. If several processes append at
 *   once, all but one of them try again.
 * - An event takes at most 512 KiB as JSON, its topics and its conflation key included. Deno
 *   KV keeps 64 KiB in an entry, so larger events take several, and smaller ones share one.
 * - An append is tried again after errors that leave its outcome unknown; it is never
 *   done twice. If the outcome is still unknown after `timeout`, it rejects with an error
 *   whose name is `"TimeoutError"`, and the event may be in the log or not.
 *
 * @example Usage
 * ```ts
 * import { DenoKvEventLog } from "@tidings/sse/deno-kv";
 * import { assertEquals } from "@std/assert";
 *
 * using kv = await Deno.openKv(":memory:");
 * const log = new DenoKvEventLog(kv, ["news"], { maxEvents: 1000 });
 * await log.append({ data: "a" });
 *
 * const { events } = await log.read(await log.rewind(1));
 * assertEquals(events[0]?.data, "a");
 * ```
 */
export class DenoKvEventLog implements EventLog {
  readonly #log: KvLog;

  /**
   * Makes a log of what is under the prefix. It does not use the store yet.
   *
   * @param kv The store, such as `await Deno.openKv()`.
   * @param prefix The first parts of the keys of the log. They take at most 900 bytes.
   * @param options What to keep, and how to follow.
   * @throws {TypeError} If an option is unknown or not a number, or the prefix is not an
   * array of parts of keys whose texts are well-formed.
   * @throws {RangeError} If an option is outside its range, or the prefix too long.
   */
  constructor(
    kv: KvStore,
    prefix: readonly KvKeyPart[],
    options: DenoKvEventLogOptions = {},
  ) {
    const verb = "make event log";
    const given = readOptions(verb, options, OPTIONS);
    const { pollInterval = 250, timeout = 10_000 } = given;
    const kept = checkKeptEvents(verb, given);
    checkKvOptions(verb, prefix, pollInterval, timeout);
    const history = new KvHistory(checkStore(verb, kv), prefix, kept);
    const name = describePrefix(prefix);
    this.#log = new KvLog(history, name, pollInterval, timeout);
  }

  /**
   * Adds an event at the end of the log, as {@linkcode EventLog.append}.
   *
   * @returns The event's ID. It rejects with a `TypeError` if the event has an ID, with
   * a `RangeError` if it is too large, with an `Error` if too many commits
   * conflict with those of other processes, and with what the store throws.
   */
  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return this.#log.append(event, options);
  }

  /**
   * Gives the events after a cursor, as {@linkcode EventLog.read}.
   *
   * @returns The events. It rejects with a `TypeError` if an option is not a number,
   * with a `RangeError` if it is outside its range, and with what the store throws.
   */
  async read(
    after: string,
    options: EventLogReadOptions = {},
  ): Promise<EventLogBatch> {
    return await this.#log.read(after, options);
  }

  /**
   * Finds the position some events before the end, as {@linkcode EventLog.rewind}.
   *
   * @returns The cursor. It rejects with a `TypeError` if `count` is not a number, with
   * a `RangeError` if it is not an integer of at least 0 or `Infinity`, and with what
   * the store throws.
   */
  async rewind(count: number, options: EventLogOptions = {}): Promise<string> {
    return await this.#log.rewind(count, options);
  }

  /**
   * Calls back with every event after a cursor, as {@linkcode EventLog.follow}. It
   * rejects with what the store throws as well.
   */
  async follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions = {},
  ): Promise<never> {
    return await this.#log.follow(onBatch, options);
  }

  /** Compares two cursors, as {@linkcode EventLog.compare}. */
  compare(a: string, b: string): number | undefined {
    return this.#log.compare(a, b);
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "DenoKvEventLog";
  }
}
