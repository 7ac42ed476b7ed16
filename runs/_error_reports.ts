// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells what fails behind the readers' backs: once for each run, and not for each
 * request and each look.
 *
 * @module
 */

import { quote } from "../_validate.ts";

/** Runs of which a failure is remembered. Beyond, the oldest is told once more. */
const MAX_KEPT = 1000;
/** Kinds of failures that are remembered of a run. */
const MAX_KINDS = 16;
/** The prefix of an error of Redis: its text differs from command to command. */
const PREFIX_REGEXP = /^-?([A-Z]{3,})\b/;

/** The failures of logs that were told. */
export class ErrorReports {
  readonly #onError: ((error: unknown, id: string) => void) | undefined;
  /** The kinds that were told, by the ID of the run; removed once its log answers. */
  readonly #told = new Map<string, Set<string>>();

  /** @param onError Told each failure that was not told yet. */
  constructor(onError: ((error: unknown, id: string) => void) | undefined) {
    this.#onError = onError;
  }

  /**
   * Tells a failure that refuses a request, unless one of its kind is told already and
   * lasts. Where nobody is told, it is a warning.
   */
  report(error: unknown, id: string): void {
    this.#tell(error, id, this.#onError ?? warn);
  }

  /** Tells a failure that is made up for later, as {@linkcode ErrorReports.report}. */
  reportForLater(error: unknown, id: string): void {
    if (this.#onError !== undefined) this.#tell(error, id, this.#onError);
  }

  #tell(
    error: unknown,
    id: string,
    tell: (error: unknown, id: string) => void,
  ): void {
    const kind = getKind(error);
    const kinds = this.#told.get(id) ?? new Set();
    if (kinds.has(kind)) return;
    if (kinds.size < MAX_KINDS) kinds.add(kind);
    this.#told.set(id, kinds);
    if (this.#told.size > MAX_KEPT) {
      const [oldest = ""] = this.#told.keys();
      this.#told.delete(oldest);
    }
    tell(error, id);
  }

  /** Says that the log of a run has answered. */
  forget(id: string): void {
    this.#told.delete(id);
  }
}

function warn(error: unknown, id: string): void {
  console.warn(`The log of the run ${quote(id)} fails:`, error);
}

function getKind(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [prefix] = PREFIX_REGEXP.exec(error.message) ?? [];
  return prefix ?? `${error.name}: ${error.message}`;
}
