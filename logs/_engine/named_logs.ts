// Copyright 2026 the Tidings authors. MIT license.

/**
 * Many logs by name, for `SqliteEventLogs` and `PostgresEventLogs`: checks the arguments, and
 * calls the log of the name.
 *
 * @module
 */

import {
  assertLogName,
  type EventLogClaim,
  type EventLogClaimOptions,
  type EventLogExpireOptions,
  type EventLogOpenOptions,
  type EventLogs,
  type EventLogState,
} from "../../_log/event_logs.ts";
import {
  checkClaimOptions,
  checkExpire,
  checkOpenOptions,
} from "../../_log/option_checks.ts";
import { claimLog } from "./claim.ts";
import { decideExpiry } from "./log_changes.ts";
import type { ChangeWatcher } from "./follow_changes.ts";
import type { StateLog } from "./state_log.ts";

/** Logs by name. */
export class NamedLogs implements EventLogs {
  readonly #open: (name: string, expireIn?: number) => StateLog<ChangeWatcher>;
  /** The calls of this event loop turn share one of the engine: a herd asks once. */
  readonly #inspecting = new Map<string, Promise<EventLogState>>();

  /** @param open Makes the log of a name. */
  constructor(
    open: (name: string, expireIn?: number) => StateLog<ChangeWatcher>,
  ) {
    this.#open = open;
  }

  open(name: string, options: EventLogOpenOptions = {}): StateLog {
    return this.#open(name, checkOpenOptions(name, options));
  }

  async claim(
    name: string,
    options: EventLogClaimOptions,
  ): Promise<EventLogClaim | undefined> {
    const given = checkClaimOptions(name, options);
    return await claimLog(this.#open(name), name, given);
  }

  async inspect(name: string): Promise<EventLogState> {
    assertLogName("inspect event log", name);
    let state = this.#inspecting.get(name);
    if (state === undefined) {
      state = Promise.resolve().then(() => {
        this.#inspecting.delete(name);
        return this.#open(name).inspect();
      });
      this.#inspecting.set(name, state);
    }
    return await state;
  }

  async expire(
    name: string,
    delay: number,
    options: EventLogExpireOptions = {},
  ): Promise<void> {
    const { claimId, delay: expireIn } = checkExpire(name, delay, options);
    await this.#open(name).change("expire", decideExpiry(expireIn, claimId));
  }
}
