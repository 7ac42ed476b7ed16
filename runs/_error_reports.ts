// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells what goes wrong with runs, to `onError` or as warnings. What the logs fail with is
 * told once for each run: a log that is down would otherwise be told for each request and
 * each poll of a status.
 *
 * @module
 */

import { getErrorKind } from "../_channel/channel_errors.ts";
import { quote } from "../_validate.ts";
import { tellError, type WarningCode } from "../_warning.ts";
import { EventLogEntryError } from "../log.ts";

/** The most runs with errors to remember. Beyond it, the oldest run is forgotten. */
const MAX_RUNS = 1000;
/** The most kinds of errors to remember of a run. */
const MAX_KINDS = 16;

/** `EventRuns` is closed: that is told once, however many calls come later. */
export class RunsClosedError extends Error {
  override readonly name = "Error";
  /** Whether `close()` has ended a call that was waiting, which is not worth telling. */
  readonly isWaitEnded: boolean;

  /** @param verb What cannot be done any more. */
  constructor(verb: string, isWaitEnded = false) {
    super(`Cannot ${verb}: EventRuns is closed`);
    this.isWaitEnded = isWaitEnded;
  }
}

/** The errors of runs. */
export class ErrorReports {
  readonly #onError: ((error: unknown, id: string) => void) | undefined;
  /** The kinds that were reported, by the run's ID; removed once its log answers. */
  readonly #reported = new Map<string, Set<string>>();
  /** The entries that were reported as no events, by the run's ID. */
  readonly #entries = new Map<string, Set<string>>();
  #isClosedTold = false;

  /** @param onError The option of that name. */
  constructor(onError: ((error: unknown, id: string) => void) | undefined) {
    this.#onError = onError;
  }

  /** Tells why a run has failed, or what its options have thrown. */
  readonly tell = (error: unknown, id: string): void =>
    this.#call("TIDINGS_RUN", "Run", error, id);

  /** Tells why a call of a method has failed. */
  readonly tellCall = (error: unknown, id: string): void => {
    if (error instanceof RunsClosedError) {
      if (error.isWaitEnded || this.#isClosedTold) return;
      this.#isClosedTold = true;
    }
    this.tell(error, id);
  };

  /**
   * Reports what the logs fail with, unless the run has an error of its kind already. The
   * call is tried again, or a request is refused.
   */
  report(error: unknown, id: string): void {
    if (error instanceof EventLogEntryError) {
      if (!note(this.#entries, id, error.id)) return;
      const what = `An entry in the log of run ${quote(id)} was left out`;
      tellError(this.#onError, "TIDINGS_ENTRY", what, error, id);
    } else if (note(this.#reported, id, getErrorKind(error))) {
      this.#call("TIDINGS_LOG", "The log of run", error, id);
    }
  }

  /** Forgets the errors of a run, since its log has answered. */
  forget(id: string): void {
    this.#reported.delete(id);
  }

  #call(code: WarningCode, what: string, error: unknown, id: string): void {
    tellError(this.#onError, code, `${what} ${quote(id)} fails`, error, id);
  }
}

/** Adds a kind to those of a run; `false` if it is one of them. */
function note(
  told: Map<string, Set<string>>,
  id: string,
  kind: string,
): boolean {
  const kinds = told.get(id) ?? new Set();
  if (kinds.has(kind)) return false;
  if (kinds.size < MAX_KINDS) kinds.add(kind);
  told.set(id, kinds);
  if (told.size > MAX_RUNS) {
    const [oldest = ""] = told.keys();
    told.delete(oldest);
  }
  return true;
}
