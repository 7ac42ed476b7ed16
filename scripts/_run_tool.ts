// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs another program to its end, with a time limit.
 *
 * @module
 */

/** Options for {@linkcode runTool}. */
export interface RunToolOptions {
  /** What the program reads. */
  input?: string;
  /** The folder it runs in. */
  cwd?: string | URL;
  /**
   * Milliseconds that it may take.
   *
   * @default {120000}
   */
  timeLimit?: number;
}

/**
 * Runs a program to its end and gives what it prints.
 *
 * @throws {Error} With all that it prints, if it fails.
 */
export async function runTool(
  command: string,
  args: string[],
  { input = "", timeLimit = 120_000, ...options }: RunToolOptions = {},
): Promise<string> {
  const signal = AbortSignal.timeout(timeLimit);
  const child = new Deno.Command(command, {
    ...options,
    args,
    env: { NO_COLOR: "1" },
    signal,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  // A program may end without having read it.
  const writing = new Blob([input]).stream().pipeTo(child.stdin)
    .catch(() => {});
  const { success, stdout, stderr } = await child.output();
  await writing;
  signal.throwIfAborted();
  const decoder = new TextDecoder();
  if (!success) {
    throw new Error(decoder.decode(stdout) + decoder.decode(stderr));
  }
  return decoder.decode(stdout);
}
