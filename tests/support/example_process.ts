// Copyright 2026 the Tidings authors. MIT license.

import { within } from "./within.ts";

const ROOT = new URL("../../", import.meta.url);
/** Does not know a server that other machines reach. */
const LISTENING_REGEXP = /Listening on .*?127\.0\.0\.1.*?(?:port: |:)(\d+)/;

/** An example in a process of its own, which ends with the test's block. */
export class ExampleProcess implements AsyncDisposable {
  /** Where it listens, with a slash at the end. */
  readonly url: string;
  readonly #child: Deno.ChildProcess;
  readonly #outputs: Promise<unknown>;

  private constructor(
    child: Deno.ChildProcess,
    outputs: Promise<unknown>,
    url: string,
  ) {
    this.#child = child;
    this.#outputs = outputs;
    this.url = url;
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
    const child = new Deno.Command(executable, {
      args,
      cwd: ROOT,
      env: {
        NO_COLOR: "1",
        DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
        ...env,
      },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let text = "";
    const { promise, resolve } = Promise.withResolvers<string>();
    const outputs = Promise.all([child.stdout, child.stderr].map(
      async (stream) => {
        for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
          text += chunk;
          const port = LISTENING_REGEXP.exec(text)?.[1];
          if (port !== undefined) resolve(`http://127.0.0.1:${port}/`);
        }
      },
    ));
    const ended = outputs.then((): never => {
      throw new Error(`${args.join(" ")} has ended: ${text}`);
    });
    const url = Promise.race([promise, ended]);
    // Where the race is over, the end is no failure any more.
    ended.catch(() => {});
    try {
      return new ExampleProcess(child, outputs, await within("a start", url));
    } catch (error) {
      await end(child, outputs);
      throw error;
    }
  }

  /** Asks it to end, by default as Ctrl+C does, and waits for its exit status. */
  async interrupt(signal: Deno.Signal = "SIGINT"): Promise<number> {
    this.#child.kill(signal);
    return (await within("the end", this.#child.status)).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child, this.#outputs);
  }
}

async function end(
  child: Deno.ChildProcess,
  outputs: Promise<unknown>,
): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
  await child.status;
  await outputs;
}
