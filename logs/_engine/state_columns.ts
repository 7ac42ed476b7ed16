// Copyright 2026 the Tidings authors. MIT license.

/**
 * The state of a log as the columns of a row, for the engines that have tables.
 *
 * @module
 */

import type { LogState } from "./log_changes.ts";

/** The names of the columns, in their order. */
export const STATE_COLUMNS = "epoch, last, claim_id, lease_end, expires_at";

/** Makes the columns of a state. */
export function toColumns(
  { epoch, last, claimId, leaseEnd, expiresAt }: LogState,
): (string | number | null)[] {
  const end = expiresAt === Infinity ? null : expiresAt;
  return [epoch, last, claimId ?? null, leaseEnd ?? null, end];
}

/** Reads a state from its columns. */
export function readColumns(
  [epoch, last, claimId, leaseEnd, expiresAt]: readonly unknown[],
): LogState {
  return {
    epoch: String(epoch),
    last: Number(last),
    claimId: claimId === null ? undefined : String(claimId),
    leaseEnd: leaseEnd === null ? undefined : Number(leaseEnd),
    expiresAt: expiresAt === null ? Infinity : Number(expiresAt),
  };
}
