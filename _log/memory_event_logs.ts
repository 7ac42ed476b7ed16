// Copyright 2026 the Tidings authors. MIT license.

/**
 * Many logs by name in the memory of this process.
 *
 * @module
 */

import { tellElsewhere } from "../_warning.ts";
import { tellAppend } from "./tell_append.ts";
import type { TextEventInit } from "../event.ts";
import { MAX_DELAY } from "../_validate.ts";
import type { EventLog, EventLogAppendOptions } from "./event_log.ts";
import {
  assertLogName,
  type EventLogClaim,
  EventLogClaimError,
  type EventLogClaimOptions,
  type EventLogExpireOptions,
  type EventLogOpenOptions,
  type EventLogs,
  type EventLogState,
} from "./event_logs.ts";
import { makeEpoch } from "./epoch_cursor.ts";
import { MemoryEventLog } from "./memory_event_log.ts";
import { MemoryNamedLog } from "./memory_named_log.ts";
import {
  checkClaimOptions,
  checkExpire,
  checkOpenOptions,
} from "./option_checks.ts";

/** Milliseconds for which an opened, empty log is kept. */
const EMPTY_LOG_AGE = 1000;
/** The least milliseconds between two removals of expired names. */
const SWEEP_INTERVAL = 100;

/**
 * Logs in the memory of this process. They keep all of their events until their names
 * expire.
 *
 * Expired names are not read any more, and their memory is free soon after. The timer
 * for that does not keep the process alive; it ends when no name is left that expires,
 * or with {@linkcode MemoryEventLogs.close}.
 *
 * @example Usage
 * ```ts
 * import { MemoryEventLogs } from "@tidings/sse/log";
 * import { assertEquals } from "@std/assert";
 *
 * using logs = new MemoryEventLogs();
 * await logs.open("a").append({ data: "in a" });
 *
 * assertEquals((await logs.inspect("a")).last?.data, "in a");
 * assertEquals((await logs.inspect("b")).last, undefined);
 * assertEquals(logs.size, 1);
 * ```
 */
export class MemoryEventLogs implements EventLogs, Disposable {
  readonly #logs = new Map<string, MemoryNamedLog>();
  /** Runs while there is a name that expires. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When it fires. */
  #sweepAt = Infinity;

  /** How many names there are. */
  get size(): number {
    this.#sweep();
    return this.#logs.size;
  }

  /**
   * Opens the log of a name, as {@linkcode EventLogs.open}.
   *
   * @throws {TypeError} If the name is empty or not well-formed, or `expireIn` is not a number.
   * @throws {RangeError} If the name is too long, or `expireIn` is outside its range.
   */
  open(name: string, options: EventLogOpenOptions = {}): EventLog {
    const expireIn = checkOpenOptions(name, options);
    return {
      append: (event, options) => {
        const named = this.#obtain(name);
        this.#expireIn(named, expireIn);
        return named.log.append(event, options);
      },
      read: (after, options) => this.#obtain(name).log.read(after, options),
      rewind: (count, options) => this.#obtain(name).log.rewind(count, options),
      follow: (onBatch, options) => this.#obtain(name).follow(onBatch, options),
      compare: (a, b) => this.#obtain(name).log.compare(a, b),
      reaches: (cursor) => this.#find(name)?.log.reaches(cursor) ?? false,
    };
  }

  /**
   * Claims a name, as {@linkcode EventLogs.claim}.
   *
   * @returns The claim, `undefined` if there is none. It rejects with a `TypeError` if an
   * option is not a number or the name is empty, and with a `RangeError` if an option is
   * outside its range.
   */
  async claim(
    name: string,
    options: EventLogClaimOptions,
  ): Promise<EventLogClaim | undefined> {
    const given = checkClaimOptions(name, options);
    const { leaseTime, expireIn, after, replace, event } = given;
    const claimId = given.takeOver;
    const named = this.#obtain(name);
    const canBeClaimed = claimId === undefined
      ? !named.isClaimed && named.last?.id === after
      : named.claimId === claimId;
    if (!canBeClaimed) return undefined;
    if (replace) named.clear();
    const id = makeEpoch();
    const cursor = named.endCursor;
    named.claim(id, leaseTime);
    this.#expireIn(named, expireIn);
    const isHeld = (): boolean =>
      this.#find(name) === named && named.isClaimedBy(id);
    // It is done before it returns: no other claim comes in between.
    if (event !== undefined) await tellElsewhere(named.log.append(event));
    return {
      cursor,
      id,
      append: (event: TextEventInit, options?: EventLogAppendOptions) =>
        isHeld()
          ? named.log.append(event, options)
          : tellAppend(() => Promise.reject(new EventLogClaimError(name))),
      renew: () => {
        if (isHeld()) named.claim(id, leaseTime);
        return Promise.resolve(isHeld());
      },
      release: () => {
        if (isHeld()) named.release();
        return Promise.resolve();
      },
    };
  }

  /** Gives the state of a name, as {@linkcode EventLogs.inspect}. */
  // deno-lint-ignore require-await -- what it throws becomes a rejection
  async inspect(name: string): Promise<EventLogState> {
    assertLogName("inspect event log", name);
    const named = this.#find(name);
    const { last, isClaimed = false, claimId } = named ?? {};
    const state = { last, isClaimed };
    return claimId === undefined ? state : { ...state, claimId };
  }

  /**
   * Lets a name expire, as {@linkcode EventLogs.expire}.
   *
   * @returns It rejects with a `TypeError` if `delay` is not a number, and with a
   * `RangeError` if it is not an integer of at least 1.
   */
  // deno-lint-ignore require-await -- what it throws becomes a rejection
  async expire(
    name: string,
    delay: number,
    options: EventLogExpireOptions = {},
  ): Promise<void> {
    const { claimId, delay: expireIn } = checkExpire(name, delay, options);
    const named = this.#find(name);
    if (named === undefined) return;
    const isLater = claimId !== undefined &&
      named.claimId !== claimId;
    if (!isLater) this.#expireIn(named, expireIn);
  }

  /** Forgets all names. Following one of their logs fails. */
  close(): void {
    for (const name of this.#logs.keys()) this.#drop(name);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sweepAt = Infinity;
  }

  /** Forgets all names, as {@linkcode MemoryEventLogs.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #find(name: string): MemoryNamedLog | undefined {
    const named = this.#logs.get(name);
    if (named === undefined || !named.hasExpired) return named;
    this.#drop(name);
    return undefined;
  }

  #obtain(name: string): MemoryNamedLog {
    const found = this.#find(name);
    if (found !== undefined) return found;
    const named = new MemoryNamedLog(() =>
      new MemoryEventLog({ maxEvents: Infinity, maxBytes: Infinity })
    );
    this.#logs.set(name, named);
    this.#expireIn(named, EMPTY_LOG_AGE);
    return named;
  }

  #drop(name: string): void {
    const named = this.#logs.get(name);
    this.#logs.delete(name);
    named?.end();
  }

  #expireIn(named: MemoryNamedLog, delay: number): void {
    named.expiresAt = performance.now() + delay;
    this.#schedule(named.expiresAt);
  }

  /** Schedules a sweep soon after a time. */
  #schedule(time: number): void {
    if (time >= this.#sweepAt) return;
    clearTimeout(this.#timer);
    const delay = Math.max(time - performance.now(), SWEEP_INTERVAL);
    this.#sweepAt = performance.now() + delay;
    this.#timer = setTimeout(
      () => this.#sweep(),
      Math.min(delay, MAX_DELAY),
    );
    unref(this.#timer);
  }

  #sweep(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sweepAt = Infinity;
    const now = performance.now();
    for (const [name, named] of this.#logs) {
      if (named.hasExpired) this.#drop(name);
      else this.#schedule(Math.max(named.expiresAt, now + EMPTY_LOG_AGE));
    }
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "MemoryEventLogs";
  }
}

/** Lets the process end while a timer runs, where the runtime supports it. */
function unref(timer: unknown): void {
  if (typeof timer === "object") (timer as { unref?: () => void }).unref?.();
  else (globalThis as DenoGlobal).Deno?.unrefTimer?.(timer as number);
}

interface DenoGlobal {
  Deno?: { unrefTimer?: (timer: number) => void };
}
