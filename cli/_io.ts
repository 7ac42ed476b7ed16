// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the command line reads and writes: handed in by its caller, so that tests run it in
 * their own process. All commands write by the functions here.
 *
 * @module
 */

/** What the command line reads and writes. */
export interface CommandLineIo {
  /** What `serve` publishes, and what `-d -` sends. */
  stdin: ReadableStream<Uint8Array>;
  /** Where events go. */
  stdout: WritableStream<Uint8Array>;
  /**
   * Takes reports, one line at a time: changes of state, and errors. It must not throw.
   */
  report: (line: string) => void;
  /** Whether events are shown in colours. */
  hasColors: boolean;
  /** Whether a person watches: then it is reported what the command waits for. */
  isTerminal: boolean;
  /** Ends the command cleanly when it is aborted. */
  signal: AbortSignal;
}

/**
 * Writes bytes to standard output.
 *
 * @throws {Deno.errors.BrokenPipe} If its reader has closed it.
 * @throws {unknown} The reason of `io.signal`, if it is aborted meanwhile.
 */
export async function writeBytes(
  { stdout, signal }: CommandLineIo,
  bytes: Uint8Array,
): Promise<void> {
  const writer = stdout.getWriter();
  try {
    await unlessAborted(writer.write(bytes), signal);
  } finally {
    writer.releaseLock();
  }
}

/** Writes text to standard output, as {@linkcode writeBytes}. */
export function writeText(io: CommandLineIo, text: string): Promise<void> {
  return writeBytes(io, new TextEncoder().encode(text));
}

/**
 * Waits for a promise, or for an abort. A write to a pipe that is not read, for example,
 * cannot be interrupted, and Ctrl+C must end the command nevertheless.
 *
 * @throws {unknown} The reason of the signal, if it is aborted meanwhile.
 */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
