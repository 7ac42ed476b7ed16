// Copyright 2026 the Tidings authors. MIT license.

/**
 * The examples of `docs/durable_logs.md`, as they are printed:
 * each runs as two servers, and what one publishes reaches the clients of the other.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { toText } from "@std/streams";
import { connect } from "../../client.ts";
import {
  findFreePort,
  hasRedis,
  redisNote,
  RedisServer,
} from "../support/redis_server.ts";
import { sendSignal } from "../support/send_signal.ts";
import { within } from "../support/within.ts";

/** What the examples import of the package. */
const IMPORTS = {
  "@tidings/sse": import.meta.resolve("../../mod.ts"),
  "@tidings/sse/deno-kv": import.meta.resolve("../../logs/deno_kv.ts"),
  "@tidings/sse/redis-streams": import.meta.resolve(
    "../../logs/redis_streams.ts",
  ),
};

Deno.test("docs: the example for Deno KV serves the same events from two processes", async () => {
  const directory = await Deno.makeTempDir();
  await checkExample("deno-kv", directory, {});
  await Deno.remove(directory, { recursive: true });
});

Deno.test("docs: the example for Deno KV opens a file that another process is making", async () => {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/server.ts`;
  await Deno.writeTextFile(file, await readExample("deno-kv"));
  const lock = `--preload=${import.meta.resolve("../support/locked_kv.ts")}`;
  {
    await using server = new Server(file, directory, {}, [lock]);
    await within("the server answers", server.ready());
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("docs: an example that cannot start is a failure at once", async () => {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/server.ts`;
  await Deno.writeTextFile(file, 'throw new Error("no start");');
  {
    await using server = new Server(file, directory, {});
    await assertRejects(() => server.ready(), Error, "no start");
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test(
  `docs: the example for Redis serves the same events from two processes${redisNote}`,
  {
    ignore: !hasRedis,
  },
  async () => {
    const directory = await Deno.makeTempDir();
    await using redis = await RedisServer.start();
    const url = `redis://127.0.0.1:${redis.port}`;
    await checkExample("redis-streams", directory, { REDIS_URL: url });
    await Deno.remove(directory, { recursive: true });
  },
);

async function checkExample(
  name: string,
  directory: string,
  env: Record<string, string>,
): Promise<void> {
  const file = `${directory}/server.ts`;
  await Deno.writeTextFile(file, await readExample(name));
  await using a = new Server(file, directory, env);
  await using b = new Server(file, directory, env);
  await within("servers answer", Promise.all([a.ready(), b.ready()]));
  const first = await a.publish("first");
  await b.publish("second");
  const events = connect(b.url, { lastEventId: first });
  const received: string[] = [];
  await within(
    "events come",
    (async () => {
      for await (const { data } of events) {
        received.push(data);
        if (data === "second") await a.publish("third");
        if (data === "third") break;
      }
    })(),
  );
  assertEquals(received, ["second", "third"]);
}

/** The code block of the guide that has this name after its language. */
async function readExample(name: string): Promise<string> {
  const guide = await Deno.readTextFile(
    new URL("../../docs/durable_logs.md", import.meta.url),
  );
  const code = guide.split(`\`\`\`ts ignore ${name}\n`)[1]?.split("\n```")[0];
  assert(code !== undefined, `The guide has no example "${name}"`);
  return code;
}

/** A process that runs an example as it is, on a port of its own. */
class Server implements AsyncDisposable {
  readonly url: string;
  readonly #process: Deno.ChildProcess;
  readonly #stderr: Promise<string>;
  /** Whether the process is there no more, so that nobody need ask it. */
  #hasEnded = false;
  #polling: Promise<void> | undefined;

  constructor(
    file: string,
    directory: string,
    env: Record<string, string>,
    args: string[] = [],
  ) {
    const port = findFreePort();
    this.url = `http://127.0.0.1:${port}/`;
    const importMap = `${directory}/import_map.json`;
    Deno.writeTextFileSync(importMap, JSON.stringify({ imports: IMPORTS }));
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--unstable-kv",
        "--no-check",
        `--import-map=${importMap}`,
        ...args,
        file,
      ],
      cwd: directory,
      env: {
        ...env,
        NO_COLOR: "1",
        // What `Deno.serve` takes in place of its default port.
        DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
        // The file of `Deno.openKv()` is not to be that of another test.
        DENO_KV_DEFAULT_PATH: `${directory}/kv.db`,
      },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#stderr = toText(this.#process.stderr);
    this.#process.status.then(() => this.#hasEnded = true);
  }

  /**
   * Resolves when it answers.
   *
   * @throws {Error} With what it printed, if it has ended instead.
   */
  ready(): Promise<void> {
    return this.#polling ??= this.#poll();
  }

  async publish(data: string): Promise<string> {
    const response = await fetch(this.url, { method: "POST", body: data });
    assertEquals(response.status, 200);
    return await response.text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    sendSignal(this.#process, "SIGKILL");
    await this.#process.status;
    await this.#stderr;
    // Nothing of it reaches into the next test.
    await this.#polling?.catch(() => {});
  }

  async #poll(): Promise<void> {
    while (!this.#hasEnded) {
      try {
        await (await fetch(this.url, { method: "OPTIONS" })).body?.cancel();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    throw new Error(`The example has ended: ${await this.#stderr}`);
  }
}
