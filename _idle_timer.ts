// Copyright 2026 the Tidings authors. MIT license.

/**
 * The timer for a peer that is silent for too long, as at the other end of a half-open
 * connection. It does not blame the peer if this process itself stood still.
 * `readEvents()`, the client's connections and the sockets of both sides use it.
 *
 * @module
 */

import {
  type Clock,
  GRACE,
  LATENESS_RATIO,
  MAX_RESTARTS,
  MIN_LATENESS,
  SYSTEM_CLOCK,
} from "./_clock.ts";

/**
 * Starts a timer. A process may stand still: it is stopped, its machine sleeps, or a task
 * takes long. Then the timer is due although the peer has sent something, or could not
 * reach this side. So a timer that is late starts again, and one that is on time lets what
 * has arrived be read before it calls back.
 *
 * @param timeout Milliseconds without anything from the peer, `Infinity` for no timer.
 * @param onIdle Called once, unless the timer is stopped before.
 * @param clock Where the time comes from.
 * @returns What stops the timer. Call it when something comes.
 */
export function startIdleTimer(
  timeout: number,
  onIdle: () => void,
  clock: Clock = SYSTEM_CLOCK,
): () => void {
  if (timeout === Infinity) return () => {};
  const lateness = Math.max(MIN_LATENESS, timeout * LATENESS_RATIO);
  let timer: unknown;
  let restarts = 0;
  const wait = (delay: number, onTime: () => void): void => {
    const due = clock.now() + delay;
    timer = clock.setTimeout(() => {
      const isLate = clock.now() - due > lateness;
      if (isLate && restarts++ < MAX_RESTARTS) start();
      else onTime();
    }, delay);
  };
  const start = (): void => wait(timeout, () => wait(GRACE, onIdle));
  start();
  return () => clock.clearTimeout(timer);
}
