// Copyright 2026 the Tidings authors. MIT license.

/** Processes that are talked to by lines of JSON, seen from both sides. */

import process from "node:process";
import { Readable } from "node:stream";

/** Answers each line of the standard input with one line, in any runtime. */
export async function answerLines<Question, Answer>(
  answer: (question: Question) => Answer | Promise<Answer>,
): Promise<void> {
  const input = Readable.toWeb(process.stdin) as ReadableStream<
    Uint8Array<ArrayBuffer>
  >;
  for await (const line of readLines(input)) {
    console.log(JSON.stringify(await answer(JSON.parse(line))));
  }
}

/** A program that answers lines. */
export class Program<Question, Answer> implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  /** Starts the program. */
  constructor(command: string, args: readonly string[]) {
    this.#process = new Deno.Command(command, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#lines = readLines(this.#process.stdout);
    this.#writer = this.#process.stdin.getWriter();
  }

  /** Reads the next line, such as the one that says that the process is ready. */
  async read<T = Answer>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("Cannot go on: the process has ended");
    return JSON.parse(value);
  }

  /** Asks one question. */
  async ask(question: Question): Promise<Answer> {
    const line = JSON.stringify(question) + "\n";
    await this.#writer.write(new TextEncoder().encode(line));
    return await this.read();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
    await this.#writer.abort().catch(() => {});
    await this.#lines.return(undefined);
  }
}

/** A module of `bench/`, by its path from there, run by Deno as a process of its own. */
export class Child<Question, Answer> extends Program<Question, Answer> {
  /** Starts the module with these arguments. */
  constructor(module: string, ...args: string[]) {
    const path = new URL(module, import.meta.url).pathname;
    const config = new URL("./deno.json", import.meta.url).pathname;
    super(Deno.execPath(), [
      "run",
      "-A",
      `--config=${config}`,
      "--v8-flags=--expose-gc",
      path,
      ...args,
    ]);
  }
}

async function* readLines(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
