// Copyright 2026 the Tidings authors. MIT license.

import { mergeReadableStreams } from "@std/streams";
import { IMPORT_MAP_ARGS } from "./import_map.ts";
import { linesOf } from "./process_lines.ts";
import { within } from "./within.ts";

const ROOT = new URL("../../", import.meta.url);
/** Does not know a server that other machines reach. */
const LISTENING_REGEXP = /Listening on .*?127\.0\.0\.1.*?(?:port: |:)(\d+)/;

/** An example in a process of its own, which ends with the test's block. */
export class ExampleProcess implements AsyncDisposable {
  /** Where it listens, with a slash at the end. */
  readonly url: string;
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<void>;
  readonly #printed: string[];

  private constructor(
    child: Deno.ChildProcess,
    output: Promise<void>,
    printed: string[],
    url: string,
  ) {
    this.#child = child;
    this.#output = output;
    this.#printed = printed;
    this.url = url;
  }

  /** The lines that it has printed so far, without the one that tells where it listens. */
  get printed(): string[] {
    return this.#printed.filter((line) => !LISTENING_REGEXP.test(line));
  }

  /**
   * Starts an example and waits until it listens.
   *
   * @param args The arguments of `deno`.
   * @param env Its environment, besides the address to listen on.
   * @param executable What is run with the arguments, if it is not Deno.
   */
  static async start(
    args: string[],
    env: Record<string, string> = {},
    executable: string = Deno.execPath(),
  ): Promise<ExampleProcess> {
    const [command = "", ...rest] = args;
    const child = new Deno.Command(executable, {
      args: executable === Deno.execPath()
        ? [command, ...IMPORT_MAP_ARGS, ...rest]
        : args,
      cwd: ROOT,
      env: {
        NO_COLOR: "1",
        DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
        ...env,
      },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const printed: string[] = [];
    const { promise, resolve } = Promise.withResolvers<string>();
    const read = async () => {
      const lines = mergeReadableStreams(
        linesOf(child.stdout),
        linesOf(child.stderr),
      );
      for await (const line of lines) {
        printed.push(line);
        const port = LISTENING_REGEXP.exec(line)?.[1];
        if (port !== undefined) resolve(`http://127.0.0.1:${port}/`);
      }
    };
    const output = read();
    const ended = output.then((): never => {
      throw new Error(`${args.join(" ")} has ended: ${printed.join("\n")}`);
    });
    const url = Promise.race([promise, ended]);
    // Where the race is over, the end is no failure any more.
    ended.catch(() => {});
    try {
      return new ExampleProcess(
        child,
        output,
        printed,
        await within("a start", url),
      );
    } catch (error) {
      await end(child, output);
      throw error;
    }
  }

  /** Asks it to end, by default as Ctrl+C does, and waits for its exit status. */
  async interrupt(signal: Deno.Signal = "SIGINT"): Promise<number> {
    this.#child.kill(signal);
    return (await within("the end", this.#child.status)).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child, this.#output);
  }
}

async function end(
  child: Deno.ChildProcess,
  output: Promise<void>,
): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
  await child.status;
  await output;
}
