// Copyright 2026 the Tidings authors. MIT license.

/** A Redis of the tests' own: on a free port, in a directory of its own. */

import { hasProgram } from "./program.ts";
import { RedisConnection } from "./redis_connection.ts";
import { sendSignal } from "./send_signal.ts";
import { within } from "./within.ts";

/** Whether there is a `redis-server` on this machine. */
export const hasRedis: boolean = await hasProgram("redis-server");

/** What to add to the name of a test that needs Redis. */
export const redisNote: string = hasRedis
  ? ""
  : " (ignored: there is no redis-server here)";

/** How a server is started. */
export interface RedisServerOptions {
  /** When it writes its data to the disk. */
  appendfsync?: "always" | "everysec";
  /** Whether it is a cluster, of this one server. */
  cluster?: boolean;
  /** Whether it keeps its data in snapshots that a test takes, and not by itself. */
  snapshots?: boolean;
  /** The port of the server of which it is a replica. */
  replicaOf?: number;
}

/** One server, whose data outlives it until it is disposed of. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #directory: string;
  readonly #options: RedisServerOptions;
  #process: Deno.ChildProcess;

  private constructor(
    port: number,
    directory: string,
    options: RedisServerOptions,
  ) {
    this.port = port;
    this.#directory = directory;
    this.#options = options;
    this.#process = this.#spawn();
  }

  /** Starts a server that writes its data to the disk, and waits until it answers. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const directory = await Deno.makeTempDir({ prefix: "redis-" });
    const server = new RedisServer(findFreePort(), directory, options);
    await within("Redis answers", server.#untilReady());
    if (options.cluster) await within("Redis has slots", server.#takeSlots());
    return server;
  }

  /** Ends the process without giving it time for anything. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#process.status;
  }

  /** Starts it again, with the data that it had, or with none. */
  async restart({ isEmpty = false } = {}): Promise<void> {
    await this.#process.status;
    if (isEmpty) {
      await Deno.remove(this.#directory, { recursive: true });
      await Deno.mkdir(this.#directory);
    }
    this.#process = this.#spawn();
    await within("Redis answers again", this.#untilReady());
  }

  /** Takes the snapshot with which it begins when it is started again. */
  async takeSnapshot(): Promise<void> {
    await using connection = await RedisConnection.open(this.port);
    await connection.send(["SAVE"]);
  }

  /** Stops and continues it, and the like. */
  signal(signal: Deno.Signal): void {
    sendSignal(this.#process, signal);
  }

  /** Ends it with the module of the tests, where nothing can be awaited any more. */
  discard(): void {
    this.signal("SIGKILL");
    Deno.removeSync(this.#directory, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#directory, { recursive: true });
  }

  #spawn(): Deno.ChildProcess {
    const { appendfsync = "always", cluster, snapshots, replicaOf } =
      this.#options;
    const options = {
      port: String(this.port),
      bind: "127.0.0.1",
      dir: this.#directory,
      save: "",
      // A replica is not made to wait for others.
      "repl-diskless-sync-delay": "0",
      appendonly: snapshots ? "no" : "yes",
      appendfsync,
      ...replicaOf === undefined ? {} : { replicaof: `127.0.0.1 ${replicaOf}` },
      ...cluster
        ? { "cluster-enabled": "yes", "cluster-port": String(findFreePort()) }
        : {},
    };
    return new Deno.Command("redis-server", {
      args: Object.entries(options).flatMap(([name, value]) => [
        `--${name}`,
        value,
      ]),
      stdout: "null",
      stderr: "null",
      stdin: "null",
    }).spawn();
  }

  async #untilReady(): Promise<void> {
    while (!await this.#isReady()) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #takeSlots(): Promise<void> {
    await using connection = await RedisConnection.open(this.port);
    await connection.send(["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    for (;;) {
      const info = String(await connection.send(["CLUSTER", "INFO"]));
      if (info.includes("cluster_state:ok")) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #isReady(): Promise<boolean> {
    try {
      await using connection = await RedisConnection.open(this.port);
      // While it loads its data, it replies with an error.
      await connection.send(["PING"]);
      return true;
    } catch {
      return false;
    }
  }
}

/** A port that nobody listens on. */
export function findFreePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
