// Copyright 2026 the Tidings authors. MIT license.

/**
 * The command line: reads event streams as curl reads files, serves events from
 * standard input, and relays a stream to many clients. It runs in Deno, and in Node as the
 * program of the npm package.
 *
 * ```sh
 * deno run -N jsr:@tidings/sse/cli https://example.com/events
 * npx @tidings/sse https://example.com/events
 * ```
 *
 * `--help` is the manual.
 *
 * @module
 */

import { parseCommand } from "./_arguments.ts";
import { describeError } from "./_format.ts";
import { HELP } from "./_help.ts";
import { readCommand } from "./_read_command.ts";
import { relayCommand, serveCommand } from "./_serve_command.ts";
import { CLEAN_END, FAILURE, USAGE } from "./_exit_status.ts";
import { type CommandLineIo, writeText } from "./_io.ts";
import { UsageError } from "./_option_values.ts";
import { VERSION } from "./_version.ts";

export type { CommandLineIo, CommandLineServer } from "./_io.ts";

/**
 * Runs the command line.
 *
 * @example The manual
 * ```ts
 * import { main } from "@tidings/sse/cli";
 * import { assertEquals, assertMatch } from "@std/assert";
 *
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const status = main(["--help"], {
 *   stdin: new Blob([]).stream(),
 *   stdout: writable,
 *   report: () => {},
 *   hasColors: false,
 *   isTerminal: false,
 *   signal: new AbortController().signal,
 * });
 *
 * const { value } = await readable.getReader().read();
 * assertMatch(new TextDecoder().decode(value), /Exit status/);
 * assertEquals(await status, 0);
 * ```
 *
 * @param args The arguments, without the name of the program.
 * @param io What the command line reads and writes.
 * @returns The exit status: 0 after a clean end, 1 after a failure, 2 if the
 * arguments are wrong, 3 if `--timeout` has passed.
 */
export async function main(
  args: readonly string[],
  io: CommandLineIo,
): Promise<number> {
  try {
    const command = await parseCommand(args, io);
    switch (command.name) {
      case "help":
        await writeText(io, HELP);
        return CLEAN_END;
      case "version":
        await writeText(io, `${VERSION}\n`);
        return CLEAN_END;
      case "read":
        return await readCommand(command, io);
      case "serve":
        return await serveCommand(command, io);
      case "relay":
        return await relayCommand(command, io);
    }
  } catch (error) {
    // An abort ends every command cleanly, whatever it has interrupted.
    if (io.signal.aborted) return CLEAN_END;
    // The reader of the output has closed it, as `head` does.
    if (Object(error).code === "EPIPE") return CLEAN_END;
    io.report(`error: ${describeError(error)}`);
    if (!(error instanceof UsageError)) return FAILURE;
    io.report("Try --help");
    return USAGE;
  }
}

/** Makes the signal that Ctrl+C aborts, and SIGTERM where the system has it. */
function makeSignal(): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  Deno.addSignalListener("SIGINT", abort);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", abort);
  return controller.signal;
}

function report(line: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
  } catch {
    // Standard error is closed, and there is no other output for reports.
  }
}

if (import.meta.main) {
  const status = await main(Deno.args, {
    stdin: Deno.stdin.readable,
    stdout: Deno.stdout.writable,
    report,
    hasColors: Deno.stdout.isTerminal() && !Deno.noColor,
    isTerminal: Deno.stdout.isTerminal() && Deno.stderr.isTerminal(),
    signal: makeSignal(),
  });
  // What is left of standard input must not keep the process.
  Deno.exit(status);
}
