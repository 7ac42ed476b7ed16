// Copyright 2026 the Tidings authors. MIT license.

/** What the chaos tests kill, pause and start again. */

import type { Random } from "../support/random.ts";
import { findFreePort } from "../support/redis_server.ts";
import { sendSignal } from "../support/send_signal.ts";

/** A server in a process of its own, always on the same port. */
export class ChaosServer {
  readonly port: number = findFreePort();
  readonly #file: string;
  readonly #argument: Record<string, unknown>;
  #process: Deno.ChildProcess;

  /**
   * @param file The module that is the server, beside this one.
   * @param argument What its first argument has, as JSON, besides the port.
   */
  constructor(file: string, argument: Record<string, unknown>) {
    this.#file = new URL(file, import.meta.url).href;
    this.#argument = argument;
    this.#process = this.#spawn();
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** Waits until it answers. */
  async ready(): Promise<void> {
    for (;;) {
      try {
        await (await fetch(this.url, { method: "OPTIONS" })).body?.cancel();
        return;
      } catch {
        await sleep(20);
      }
    }
  }

  signal(signal: Deno.Signal): void {
    sendSignal(this.#process, signal);
  }

  async restart(): Promise<void> {
    await this.end();
    this.#process = this.#spawn();
  }

  async end(): Promise<void> {
    this.signal("SIGKILL");
    await this.#process.stdin.abort().catch(() => {});
    await this.#process.status;
  }

  #spawn(): Deno.ChildProcess {
    const argument = JSON.stringify({ ...this.#argument, port: this.port });
    const args = ["run", "-A", "--unstable-kv", "--no-check", this.#file];
    return new Deno.Command(Deno.execPath(), {
      args: [...args, argument],
      stdin: "piped",
    }).spawn();
  }
}

/** The server of an engine, if it has one that can be killed. */
export interface EngineServer {
  signal(signal: Deno.Signal): void;
  restart(): Promise<void>;
}

/** Kills and pauses one part after the other, and gives the number of kills. */
export async function disturb(
  servers: readonly ChaosServer[],
  database: EngineServer | undefined,
  random: Random,
  duration: number,
): Promise<number> {
  const end = performance.now() + duration;
  let kills = 0;
  while (performance.now() < end) {
    await sleep(100 + random.below(400));
    const victim = database !== undefined && random.onceIn(3)
      ? database
      : random.pick(servers);
    if (kills > 0 && random.onceIn(3)) {
      victim.signal("SIGSTOP");
      await sleep(100 + random.below(700));
      victim.signal("SIGCONT");
    } else {
      kills++;
      victim.signal("SIGKILL");
      await sleep(random.below(200));
      await victim.restart();
    }
  }
  return kills;
}

export function sleep(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}
