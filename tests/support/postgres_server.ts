// Copyright 2026 the Tidings authors. MIT license.

/** A PostgreSQL of the tests' own: on a free port, in a directory of its own. */

import { findFreePort } from "./redis_server.ts";
import { sendSignal } from "./send_signal.ts";
import { within } from "./within.ts";

const FOLDER = "/usr/lib/postgresql";

/** The folder of the newest version's programs, which are not on the PATH. */
const programs: string | undefined = await findPrograms();

/** Whether there is a PostgreSQL on this machine that a test can start. */
export const hasPostgres: boolean = programs !== undefined;

/** What to add to the name of a test that needs PostgreSQL. */
export const postgresNote: string = hasPostgres
  ? ""
  : ` (ignored: there is no initdb in ${FOLDER}/*/bin)`;

/** Who may start it: it refuses root. */
export const postgresUser: { uid?: number; gid?: number } = Deno.uid() === 0
  ? await findUser()
  : {};

/** How a server is started. */
export interface PostgresServerOptions {
  /**
   * Whether what it has confirmed survives a kill. The system has it then, and the disk
   * need not: after a kill, a start that waits for the disk takes long.
   */
  isDurable?: boolean;
  /** Settings of its own, such as `max_connections`. */
  settings?: Record<string, string>;
}

/** One server, whose data outlives it until it is disposed of. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  /** What clients connect to. */
  readonly url: string;
  readonly #directory: string;
  readonly #options: PostgresServerOptions;
  /** Where its data are, in the directory. */
  #data = "data";
  #process: Deno.ChildProcess;

  private constructor(
    port: number,
    directory: string,
    options: PostgresServerOptions,
  ) {
    this.port = port;
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    this.#directory = directory;
    this.#options = options;
    this.#process = this.#spawn();
  }

  /** Starts a server with an empty database, and waits until it answers. */
  static async start(
    options: PostgresServerOptions = {},
  ): Promise<PostgresServer> {
    const directory = await Deno.makeTempDir({ prefix: "postgres-" });
    if (postgresUser.uid !== undefined) {
      await Deno.chown(directory, postgresUser.uid, postgresUser.gid ?? null);
    }
    await runProgram("initdb", [
      `--pgdata=${directory}/data`,
      "--username=postgres",
      "--auth=trust",
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
    ]);
    const server = new PostgresServer(findFreePort(), directory, options);
    await within("PostgreSQL answers", server.#untilReady());
    return server;
  }

  /** Ends all of its processes without giving them time for anything. */
  async kill(): Promise<void> {
    // The others end as soon as they notice that their parent is gone.
    this.signal("SIGKILL");
    await this.#process.status;
  }

  /** Starts it again, with the data that it had. */
  async restart(): Promise<void> {
    await this.#process.status;
    // It refuses to start while a process of the last time uses its memory.
    await within("PostgreSQL answers again", this.#untilReady(true));
  }

  /** Ends it, and starts it as a standby, which only reads until `pg_promote()`. */
  async restartAsStandby(): Promise<void> {
    this.signal("SIGINT");
    await this.#process.status;
    const data = `${this.#directory}/${this.#data}`;
    await Deno.writeTextFile(`${data}/standby.signal`, "");
    await this.restart();
  }

  /**
   * Copies its data as they are now. {@linkcode PostgresServer.failOver} goes on with them, as
   * a standby does that was not sent what came later.
   */
  async copyData(): Promise<void> {
    const folder = `--pgdata=${this.#directory}/copy`;
    await this.run("pg_basebackup", [folder, "--checkpoint=fast", "--no-sync"]);
  }

  /** Kills it, and starts it with the copy: what it has confirmed since then is lost. */
  async failOver(): Promise<void> {
    await this.kill();
    this.#data = "copy";
    await this.restart();
  }

  /** Runs one of its programs, such as `psql`, against it. */
  run(program: string, args: string[], input = ""): Promise<string> {
    const address = ["-h", "127.0.0.1", "-p", String(this.port)];
    return runProgram(program, [...address, "-U", "postgres", ...args], input);
  }

  signal(signal: Deno.Signal): void {
    sendSignal(this.#process, signal);
  }

  /** Ends it with the module of the tests, where nothing can be awaited any more. */
  discard(): void {
    this.signal("SIGKILL");
    Deno.removeSync(this.#directory, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGQUIT");
    await this.#process.status;
    await Deno.remove(this.#directory, { recursive: true });
  }

  #spawn(): Deno.ChildProcess {
    const { isDurable = false, settings = {} } = this.#options;
    const all = {
      listen_addresses: "127.0.0.1",
      port: String(this.port),
      unix_socket_directories: "",
      fsync: "off",
      full_page_writes: "off",
      synchronous_commit: isDurable ? "on" : "off",
      // Its transactions would hold rows back now and then.
      autovacuum: "off",
      shared_buffers: "16MB",
      max_connections: "300",
      ...settings,
    };
    return new Deno.Command(`${programs}/postgres`, {
      args: [
        "-D",
        `${this.#directory}/${this.#data}`,
        ...Object.entries(all).flatMap(([name, value]) => [
          "-c",
          `${name}=${value}`,
        ]),
      ],
      cwd: this.#directory,
      ...postgresUser,
      stdout: "null",
      stderr: "null",
      stdin: "null",
    }).spawn();
  }

  async #untilReady(isEnded = false): Promise<void> {
    let hasEnded = isEnded;
    for (;;) {
      if (hasEnded) {
        hasEnded = false;
        this.#process = this.#spawn();
        const started = this.#process;
        started.status.then(() => hasEnded ||= started === this.#process);
      }
      if (await this.#isReady()) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Asks for the start-up of a session; a server that is not ready refuses with an error. */
  async #isReady(): Promise<boolean> {
    try {
      const hostname = "127.0.0.1";
      using connection = await Deno.connect({ hostname, port: this.port });
      const fields = new TextEncoder().encode(
        "user\0postgres\0database\0postgres\0\0",
      );
      const message = new Uint8Array(8 + fields.length);
      const view = new DataView(message.buffer);
      view.setUint32(0, message.length);
      view.setUint32(4, 196_608);
      message.set(fields, 8);
      await connection.write(message);
      const answer = new Uint8Array(1);
      await connection.read(answer);
      return answer[0] === "R".charCodeAt(0);
    } catch {
      return false;
    }
  }
}

async function runProgram(
  program: string,
  args: string[],
  input = "",
): Promise<string> {
  const process = new Deno.Command(`${programs}/${program}`, {
    args,
    cwd: "/",
    ...postgresUser,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  const written = writer.write(new TextEncoder().encode(input))
    .then(() => writer.close()).catch(() => {});
  const { success, stdout, stderr } = await process.output();
  await written;
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${program}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

async function findPrograms(): Promise<string | undefined> {
  try {
    const versions: string[] = [];
    for await (const { name } of Deno.readDir(FOLDER)) versions.push(name);
    versions.sort((a, b) => Number(b) - Number(a));
    for (const version of versions) {
      const folder = `${FOLDER}/${version}/bin`;
      const { isFile } = await Deno.stat(`${folder}/initdb`);
      if (isFile) return folder;
    }
  } catch {
    // There is none.
  }
  return undefined;
}

/** Debian's package makes the user `postgres`. */
async function findUser(): Promise<{ uid?: number; gid?: number }> {
  const users = await Deno.readTextFile("/etc/passwd");
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(users) ?? [];
  return uid === undefined ? {} : { uid: Number(uid), gid: Number(gid) };
}
