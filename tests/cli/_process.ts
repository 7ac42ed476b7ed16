// Copyright 2026 the Tidings authors. MIT license.

import { within } from "../support/within.ts";

const CLI = new URL("../../cli/mod.ts", import.meta.url).href;

/** How a process ended, and all that it wrote. */
export interface CliResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** The command line in a process of its own, which ends with the test's block. */
export class CliProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly stdout: Output;
  readonly stderr: Output;

  /** @param flags The permissions; by default what the manual says. */
  constructor(args: string[], flags: string[] = ["-N"]) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", ...flags, CLI, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.stdout = new Output(this.#child.stdout);
    this.stderr = new Output(this.#child.stderr);
  }

  /** Writes to its standard input. */
  async write(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  /** Ends its standard input. */
  async end(): Promise<void> {
    await this.#input.close();
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** The address at which it says that it serves. */
  async url(): Promise<string> {
    const [, url = ""] = await this.stderr.match(/serving at (\S+)\n/);
    return url;
  }

  /** Waits until it ends by itself. */
  async result(): Promise<CliResult> {
    const { code } = await within("the end", this.#child.status);
    await Promise.all([this.stdout.ended, this.stderr.ended]);
    return { status: code, stdout: this.stdout.text, stderr: this.stderr.text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#child.status;
    // It may be closed, or broken now that nobody reads it.
    await this.#input.close().catch(() => {});
    await Promise.all([this.stdout.ended, this.stderr.ended]);
  }
}

/** Runs the command line to its end, with all of its standard input. */
export async function runCli(
  args: string[],
  { stdin = "", flags }: { stdin?: string; flags?: string[] } = {},
): Promise<CliResult> {
  await using cli = new CliProcess(args, flags);
  await cli.write(stdin);
  await cli.end();
  return await cli.result();
}

/** What a process writes, as it comes. */
class Output {
  text = "";
  /** Resolves at the end of it. */
  readonly ended: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #onText: () => void = () => {};

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    this.ended = this.#read();
  }

  /** Waits until the text so far has what the pattern describes. */
  async match(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      this.#onText = () => {
        const match = pattern.exec(this.text);
        if (match !== null) resolve(match);
      };
      this.#onText();
    });
    const ended = this.ended.then((): never => {
      throw new Error(`${pattern} never came: ${this.text}`);
    });
    return await within(`${pattern}`, Promise.race([found, ended]));
  }

  /** Closes the pipe. */
  async close(): Promise<void> {
    await this.#reader.cancel();
  }

  async #read(): Promise<void> {
    while (true) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      this.text += value;
      this.#onText();
    }
  }
}
