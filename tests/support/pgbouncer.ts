// Copyright 2026 the Tidings authors. MIT license.

/** A PgBouncer of the tests' own, in transaction mode, before a PostgreSQL of theirs. */

import { hasPostgres, postgresNote, postgresUser } from "./postgres_server.ts";
import { hasProgram } from "./program.ts";
import { findFreePort } from "./redis_server.ts";
import { sendSignal } from "./send_signal.ts";
import { within } from "./within.ts";

/** Debian has it where only root looks for programs. */
const PROGRAMS = ["pgbouncer", "/usr/sbin/pgbouncer"];

const program: string | undefined = await findProgram();

/** Whether there are a PgBouncer and a PostgreSQL that a test can start. */
export const hasPgBouncer: boolean = hasPostgres && program !== undefined;

/** What to add to the name of a test that needs both. */
export const pgBouncerNote: string = program === undefined && hasPostgres
  ? " (ignored: there is no pgbouncer here)"
  : postgresNote;

/** One PgBouncer. */
export class PgBouncer implements AsyncDisposable {
  /** What clients connect to. */
  readonly url: string;
  readonly #directory: string;
  readonly #process: Deno.ChildProcess;

  private constructor(
    port: number,
    directory: string,
    process: Deno.ChildProcess,
  ) {
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    this.#directory = directory;
    this.#process = process;
  }

  /**
   * Starts one, and waits until it listens.
   *
   * @param target The port of the PostgreSQL.
   * @param poolSize How many connections it has to that.
   */
  static async start(target: number, poolSize: number): Promise<PgBouncer> {
    const directory = await Deno.makeTempDir({ prefix: "pgbouncer-" });
    const port = findFreePort();
    const file = `${directory}/pgbouncer.ini`;
    await Deno.writeTextFile(
      file,
      `[databases]
postgres = host=127.0.0.1 port=${target} dbname=postgres user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
; Another connection for each transaction, so that what a session keeps is missed.
server_round_robin = 1
min_pool_size = ${Math.min(poolSize, 4)}
max_client_conn = 500
; Seconds, so that a server that was killed is soon found again.
server_login_retry = 0.1
`,
    );
    const { uid, gid = null } = postgresUser;
    if (uid !== undefined) {
      await Deno.chown(directory, uid, gid);
      await Deno.chown(file, uid, gid);
    }
    // Cannot fail: the tests are ignored without it.
    const process = new Deno.Command(program!, {
      args: ["--quiet", file],
      cwd: directory,
      ...postgresUser,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const bouncer = new PgBouncer(port, directory, process);
    await within("PgBouncer listens", untilListening(port));
    return bouncer;
  }

  /** Ends it with the module of the tests, where nothing can be awaited any more. */
  discard(): void {
    sendSignal(this.#process, "SIGKILL");
    Deno.removeSync(this.#directory, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    sendSignal(this.#process, "SIGKILL");
    await this.#process.status;
    await Deno.remove(this.#directory, { recursive: true });
  }
}

async function untilListening(port: number): Promise<void> {
  while (!await isListening(port)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

async function findProgram(): Promise<string | undefined> {
  for (const program of PROGRAMS) {
    if (await hasProgram(program)) return program;
  }
  return undefined;
}
