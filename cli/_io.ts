// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the command line reads and writes: handed in by its caller, so that tests run it in
 * their own process. All commands write by the functions here.
 *
 * @module
 */

import { listenForAbort } from "../_abort.ts";

/** A server that `serve` or `relay` has started. */
export interface CommandLineServer {
  /** The address that it listens on. */
  hostname: string;
  /** The port that it listens on. */
  port: number;
  /** Ends it, once its open responses have ended. */
  shutdown(): Promise<void>;
}

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
  /**
   * Reads the file of `-d @file`.
   *
   * @default {Deno.readFile}
   */
  readFile?: ((path: string) => Promise<BodyInit>) | undefined;
  /**
   * Starts the server of `serve` and `relay`. An error with the code `"EADDRINUSE"` says
   * that the port is in use. By default, `Deno.serve` does it.
   */
  listen?:
    | ((
      address: { hostname: string; port: number },
      handler: (request: Request) => Response | Promise<Response>,
    ) => Promise<CommandLineServer>)
    | undefined;
}

/**
 * Writes bytes to standard output.
 *
 * @throws {Error} With the code `"EPIPE"`, if its reader has closed it.
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
  let stopListening = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    const abort = (): void => reject(signal.reason);
    stopListening = listenForAbort(signal, abort);
    if (signal.aborted) abort();
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stopListening();
  }
}
