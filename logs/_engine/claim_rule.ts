// Copyright 2026 the Tidings authors. MIT license.

/**
 * The rule that decides whether a name can be claimed, for the engines that have its state
 * in this process: Deno KV, PostgreSQL and SQLite.
 *
 * @module
 */

import type { EventLogClaimOptions } from "../../_log/event_logs.ts";

/**
 * Whether a name can be claimed, as `EventLogs.claim` says.
 *
 * @param state The state of the name, `undefined` if it does not exist.
 * @param isClaimed Whether it is claimed now.
 * @param options What the caller asks for.
 */
export function canBeClaimed(
  state: {
    readonly epoch: string;
    readonly last: number;
    readonly claimId?: string | undefined;
  } | undefined,
  isClaimed: boolean,
  { after, takeOver }: EventLogClaimOptions,
): boolean {
  if (takeOver !== undefined) return state?.claimId === takeOver;
  if (state === undefined) return after === undefined;
  const last = state.last === 0 ? undefined : `${state.epoch}-${state.last}`;
  return !isClaimed && last === after;
}
