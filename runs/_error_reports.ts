// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reports what the logs fail with, once for each run. Without it, a log that is down would
 * be reported for each request and each poll of a status.
 *
 * @module
 */

import { quote } from "../_validate.ts";

/** The most runs with errors to remember. Beyond it, the oldest run is forgotten. */
const MAX_RUNS = 1000;
/** The most kinds of errors to remember of a run. */
const MAX_KINDS = 16;
/** The prefix of an error of Redis, such as `WRONGTYPE`: the rest names the command. */
const PREFIX_REGEXP = /^-?([A-Z]{3,})\b/;

/** The errors of logs that were reported. */
export class ErrorReports {
  readonly #onError: ((error: unknown, id: string) => void) | undefined;
  /** The kinds that were reported, by the run's ID; removed once its log answers. */
  readonly #reported = new Map<string, Set<string>>();

  /** @param onError Called with each error that was not reported yet. */
  constructor(onError: ((error: unknown, id: string) => void) | undefined) {
    this.#onError = onError;
  }

  /**
   * Reports an error because of which a request is refused, unless the run has one of its
   * kind already. Without `onError` it is a warning.
   */
  report(error: unknown, id: string): void {
    this.#tell(error, id, this.#onError ?? warn);
  }

  /**
   * Reports an error after which the call is retried, as {@linkcode ErrorReports.report}
   * does. Without `onError` it is dropped.
   */
  reportRetried(error: unknown, id: string): void {
    if (this.#onError !== undefined) this.#tell(error, id, this.#onError);
  }

  #tell(
    error: unknown,
    id: string,
    tell: (error: unknown, id: string) => void,
  ): void {
    const kind = getKind(error);
    const kinds = this.#reported.get(id) ?? new Set();
    if (kinds.has(kind)) return;
    if (kinds.size < MAX_KINDS) kinds.add(kind);
    this.#reported.set(id, kinds);
    if (this.#reported.size > MAX_RUNS) {
      const [oldest = ""] = this.#reported.keys();
      this.#reported.delete(oldest);
    }
    tell(error, id);
  }

  /** Forgets the errors of a run, since its log has answered. */
  forget(id: string): void {
    this.#reported.delete(id);
  }
}

function warn(error: unknown, id: string): void {
  console.warn(`Cannot use log of run ${quote(id)}:`, error);
}

function getKind(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [prefix] = PREFIX_REGEXP.exec(error.message) ?? [];
  return prefix ?? `${error.name}: ${error.message}`;
}
