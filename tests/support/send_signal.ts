// Copyright 2026 the Tidings authors. MIT license.

/** Whether a signal can ask a process to end or to stop, rather than kill it. */
export const hasSignals: boolean = Deno.build.os !== "windows";

/** What is added to the name of a test that is ignored without signals. */
export const signalNote: string = hasSignals
  ? ""
  : " (ignored: Windows has no signals)";

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
