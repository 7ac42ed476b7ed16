// Copyright 2026 the Tidings authors. MIT license.

/**
 * Notices that the file of an open database was deleted or replaced. In WAL mode, SQLite goes
 * on with a file that no other process can open, and the events that it confirms are lost.
 * `SqliteConnection` calls it.
 *
 * @module
 */

import { quote } from "../../_validate.ts";

/** Identifies a file on a machine. */
interface FileIdentity {
  readonly dev: number;
  readonly ino: number | null;
}

type Stat = (path: string) => FileIdentity;

/** The part of a runtime that looks at files. */
interface Runtime {
  readonly Deno?: { readonly statSync: Stat };
  readonly process?: {
    readonly getBuiltinModule?: (name: string) => { readonly statSync: Stat };
  };
}

const runtime: Runtime = globalThis as unknown as Runtime;
// In Deno, its own function takes a tenth of the time.
const stat: Stat | undefined = runtime.Deno?.statSync ??
  runtime.process?.getBuiltinModule?.("node:fs").statSync;

/** The file of a database. */
export class DatabaseFile {
  readonly #path: string;
  /** The file when it was opened: `null` if there was none, `undefined` if it is not known. */
  readonly #identity: FileIdentity | null | undefined;
  /** Whether it was looked at since the last microtask. */
  #isChecked = false;

  /** @param path Empty for a database in memory. */
  constructor(path: string) {
    this.#path = path;
    this.#identity = path === "" ? undefined : look(path);
  }

  /**
   * Looks at the file, once for all calls before the next microtask: measured, the appends of
   * a transaction would take a third longer otherwise.
   *
   * @throws {Error} If it is gone.
   */
  check(): void {
    if (this.#identity === undefined || this.#isChecked) return;
    const found = look(this.#path);
    const isOther = found && !isSame(found, this.#identity);
    if (found === null || isOther) {
      const got = isOther ? "another file" : "none";
      throw new Error(
        `expected the file ${
          quote(this.#path)
        } as it was opened, got ${got}: the database has to be opened again`,
      );
    }
    this.#isChecked = true;
    queueMicrotask(() => this.#isChecked = false);
  }
}

function isSame(a: FileIdentity, b: FileIdentity | null): boolean {
  return a.ino === b?.ino && a.dev === b.dev;
}

/** Looks at a file: `null` if there is none, `undefined` if the runtime cannot tell. */
function look(path: string): FileIdentity | null | undefined {
  try {
    return stat?.(path);
  } catch (error) {
    const { name, code } = error as Error & { code?: unknown };
    return name === "NotFound" || code === "ENOENT" ? null : undefined;
  }
}
