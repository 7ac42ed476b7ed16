// Copyright 2026 the Tidings authors. MIT license.

/**
 * Notices that a file that is open was deleted or replaced. An engine would go on with a file
 * that no other process can open, and what it confirms would be lost.
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

/** A file that is open. */
export class OpenFile {
  readonly #path: string;
  /** The file as it was seen first: `null` if there was none, `undefined` if nothing tells. */
  #identity: FileIdentity | null | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#identity = look(path);
  }

  /**
   * Looks at the file.
   *
   * @param isNeeded Whether it matters that the file is not there, or another one. Left out, it
   * does. Otherwise, a file that was not there may have been made since.
   * @throws {Error} If it is gone.
   */
  check(isNeeded?: () => boolean): void {
    const known = this.#identity;
    const found = known === undefined ? undefined : look(this.#path);
    if (found === undefined) return;
    if (found?.ino === known?.ino && found?.dev === known?.dev && found) return;
    if (isNeeded !== undefined && (known === null || !isNeeded())) {
      this.#identity = found;
      return;
    }
    const got = found === null ? "none" : "another file";
    throw new Error(
      `expected the file ${
        quote(this.#path)
      } as it was opened, got ${got}: the database has to be opened again`,
    );
  }
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
