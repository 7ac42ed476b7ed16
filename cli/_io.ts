// Copyright 2026 the Tidings authors. MIT license.

/** The stream ended, enough events came, or the user ended it. */
export const CLEAN_END = 0;
/** The stream cannot be read, or the events cannot be served. */
export const FAILURE = 1;
/** The arguments are wrong. */
export const USAGE = 2;
/** The time that `--timeout` gives has passed. */
export const TIMEOUT = 3;

/** What the command line reads and writes. */
export interface CommandLineIo {
  /** What `serve` publishes, and what `-d -` sends. */
  stdin: ReadableStream<Uint8Array>;
  /** Where events go. */
  stdout: WritableStream<Uint8Array>;
  /**
   * Takes what is said about the events, one line at a time: changes of state, and
   * errors. It must not throw.
   */
  report: (line: string) => void;
  /** Whether events are shown in colours. */
  hasColors: boolean;
  /** Whether somebody watches, who wonders what goes on while nothing comes. */
  isTerminal: boolean;
  /** Ends the command cleanly when it is aborted. */
  signal: AbortSignal;
}

/**
 * Writes bytes to standard output.
 *
 * @throws {Deno.errors.BrokenPipe} If nobody reads it any more.
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
 * Waits for what nothing can interrupt, such as a pipe that nobody reads.
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
