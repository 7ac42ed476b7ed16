// Copyright 2026 the Tidings authors. MIT license.

/**
 * The state of a name in Deno KV.
 *
 * @module
 */

/** The state of a name. Times are those of the wall clock, in milliseconds. */
export interface NamedState {
  /** The first part of the log's IDs. */
  readonly epoch: string;
  /** The sequence of the latest event, 0 before there was one. */
  readonly last: number;
  /** The token of the last claim, `undefined` if it was released. */
  readonly token: string | undefined;
  /** The token of the last claim, also after its release; `undefined` if there was none. */
  readonly claimId?: string | undefined;
  /** When the lease of the claim ends. */
  readonly leaseEnd: number;
  /** When the name expires, or `Infinity`. */
  readonly expiresAt: number;
  /** When the batches expire, unless they are rewritten with a later time. */
  readonly keptUntil: number;
}
