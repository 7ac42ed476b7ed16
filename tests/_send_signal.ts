// Copyright 2026 the Tidings authors. MIT license.

/** Sends a signal to a process, which may have ended already. */
export function sendSignal(
  process: Deno.ChildProcess,
  signal: Deno.Signal,
): void {
  try {
    process.kill(signal);
  } catch (error) {
    const hasEnded = error instanceof TypeError ||
      error instanceof Deno.errors.NotFound;
    if (!hasEnded) throw error;
  }
}
