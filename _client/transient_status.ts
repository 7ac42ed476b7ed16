// Copyright 2026 the Tidings authors. MIT license.

/**
 * Which status of a response is transient: the one rule for `connect()` and for sockets.
 *
 * @module
 */

/** What servers and load balancers answer with while they cannot serve, and later may. */
const TRANSIENT_REGEXP = /^(408|42[59]|50[0234])$/;

/** Whether a later request may fare better than the one that got this status. */
export function isTransientStatus(status: number | undefined): boolean {
  return TRANSIENT_REGEXP.test(`${status}`);
}
