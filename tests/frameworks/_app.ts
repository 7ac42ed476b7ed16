// Copyright 2026 the Tidings authors. MIT license.

/**
 * A program of the guide in a process of its own, with what `probe.mjs` tells of it.
 *
 * @module
 */

import { linesOf } from "../support/process_lines.ts";
import { within } from "../support/within.ts";

/** Options for {@linkcode App.start}. */
export interface StartAppOptions {
  /** The program that runs the app. */
  executable: string;
  args: string[];
  cwd: string;
  /** What is added to its environment. */
  env?: Record<string, string> | undefined;
}

/** A program that listens. */
export class App implements AsyncDisposable {
  port = 0;
  /** How many clients its channels have. */
  clients = 0;
  /** All that it has printed to stderr. */
  errors = "";
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<unknown>;
  #output = "";
  /** Looks again at what is waited for. */
  #onOutput = (): void => {};

  /** Starts an app, and waits until it listens. */
  static async start(
    { executable, args, cwd, env }: StartAppOptions,
  ): Promise<App> {
    const child = new Deno.Command(executable, {
      args,
      cwd,
      // Some frameworks behave differently under CI.
      env: { NO_COLOR: "1", CI: "", NEXT_TELEMETRY_DISABLED: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const app = new App(child);
    try {
      await app.#waitFor("it listens", () => app.port > 0, 30_000);
      return app;
    } catch (error) {
      await app[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reading = Promise.all([this.#readOutput(), this.#readErrors()]);
  }

  /** Waits until the channels have that many clients. */
  async waitForClients(count: number, deadline?: number): Promise<void> {
    const isReached = () => this.clients === count;
    await this.#waitFor(`${count} clients`, isReached, deadline);
  }

  /** Waits until it has printed a text to stderr. */
  async waitForError(text: string): Promise<void> {
    await this.#waitFor(text, () => this.errors.includes(text));
  }

  /** Publishes "from the server" in each channel that has served a request. */
  publish(): void {
    this.#child.kill("SIGWINCH");
  }

  /** Asks it to end, and waits for its exit status. */
  async shutDown(): Promise<number> {
    this.#child.kill("SIGTERM");
    const { code } = await within("its end", this.#child.status);
    await this.#reading;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#child.status;
    await this.#reading;
  }

  async #waitFor(
    what: string,
    isReached: () => boolean,
    deadline?: number,
  ): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      this.#onOutput = () => isReached() ? resolve() : undefined;
      this.#onOutput();
    });
    const ended = this.#reading.then(() => {
      if (!isReached()) throw new Error(`The app has ended`);
    });
    try {
      await within(what, Promise.race([reached, ended]), deadline);
    } catch (error) {
      const { message } = error as Error;
      throw new Error(
        `${message}; ${this.clients} clients; ${this.#output}${this.errors}`,
      );
    } finally {
      this.#onOutput = () => {};
    }
  }

  async #readOutput(): Promise<void> {
    for await (const line of linesOf(this.#child.stdout)) {
      const [, name, value] = /^(port|clients): (\d+)$/.exec(line) ?? [];
      if (name === "port") this.port = Number(value);
      else if (name === "clients") this.clients = Number(value);
      else this.#output += `${line}\n`;
      this.#onOutput();
    }
  }

  async #readErrors(): Promise<void> {
    const text = this.#child.stderr.pipeThrough(new TextDecoderStream());
    for await (const chunk of text) {
      this.errors += chunk;
      this.#onOutput();
    }
  }
}
