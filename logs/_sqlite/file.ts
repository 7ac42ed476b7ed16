// Copyright 2026 the Tidings authors. MIT license.

/**
 * Notices that the file of an open database was deleted, or replaced by another: in WAL
 * mode, SQLite goes on with a file that nobody else can open, and what it confirms is lost.
 *
 * @module
 */

import { quote } from "../../_validate.ts";

/** What identifies a file. */
interface FileIdentity {
  readonly dev: number;
  readonly ino: number | null;
}

type Stat = (path: string) => FileIdentity;

/** What this file needs of the runtime. */
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
  /** What was there at first: `null` for nothing, `undefined` if that cannot be told. */
  readonly #identity: FileIdentity | null | undefined;
  /** Whether it was looked at since the last microtask. */
  #isChecked = false;

  /** @param path Empty for a database in memory. */
  constructor(path: string) {
    this.#path = path;
    this.#identity = path === "" ? undefined : look(path);
  }

  /**
   * Looks at the file, once for calls without a wait in between: the appends of a
   * transaction would take a third longer otherwise.
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

/** Looks at a file: `null` if there is none, `undefined` if that cannot be told. */
function look(path: string): FileIdentity | null | undefined {
  try {
    return stat?.(path);
  } catch (error) {
    const { name, code } = error as Error & { code?: unknown };
    return name === "NotFound" || code === "ENOENT" ? null : undefined;
  }
}
