// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells what goes wrong in a channel: each error once, to the channel's `onError` or as a
 * warning. `EventChannel` makes one for all of its parts.
 *
 * @module
 */

import type { StreamTally } from "../_server/stream_counters.ts";
import { quote } from "../_validate.ts";
import { callBack, tellError } from "../_warning.ts";
import type { EventLogEntryError } from "../log.ts";

/** The most kinds of errors, and the most entries, that are remembered as told. */
const MAX_TOLD = 1000;
/** The prefix of an error of Redis, such as `WRONGTYPE`: the rest names the command. */
const PREFIX_REGEXP = /^-?([A-Z]{3,})\b/;

/** The options of a channel on which its errors depend. */
export interface ChannelErrorsOptions {
  readonly onError?: ((error: unknown) => void) | undefined;
  readonly tally: StreamTally;
}

/** The errors of one channel. */
export class ChannelErrors {
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #tally: StreamTally;
  /** The kinds of what the log has failed with since it last gave events. */
  readonly #toldKinds = new Set<string>();
  /** The IDs of the entries that were told. */
  readonly #toldEntries = new Set<string>();
  #isClosedTold = false;
  /**
   * The latest error that has ended the stream of a client: an `until` that throws ends
   * those of a whole group. Cleared when they have all ended.
   */
  #clientError: { error: unknown } | undefined;

  /** @param options The callback for errors, and the tally that counts those of the log. */
  constructor({ onError, tally }: ChannelErrorsOptions) {
    this.#onError = onError;
    this.#tally = tally;
  }

  /** Whether the application is told, so that the body of a response need not fail. */
  get hasHandler(): boolean {
    return this.#onError !== undefined;
  }

  /** Tells that an event was not published. */
  readonly tellPublish = (error: unknown): void => {
    const what = "An event was not published";
    tellError(this.#onError, "TIDINGS_PUBLISH", what, error);
  };

  /** Tells that an event was published after the end: once, and not for each call. */
  readonly tellClosed = (error: unknown): void => {
    if (this.#isClosedTold) return;
    this.#isClosedTold = true;
    this.tellPublish(error);
  };

  /**
   * Tells what the log has failed with. That is tried again: `onError` is told each time,
   * and a warning comes once until the log gives events again.
   */
  readonly tellLog = (error: unknown): void => {
    this.#tally.logErrors++;
    this.#tally.logRetries++;
    const isKnown = !note(this.#toldKinds, getErrorKind(error));
    if (isKnown && this.#onError === undefined) return;
    const what = "The log of a channel fails, and is tried again";
    tellError(this.#onError, "TIDINGS_LOG", what, error);
  };

  /** Tells that the log could not tell its end. */
  readonly tellCursor = (error: unknown): void => {
    this.#tally.logErrors++;
    const what = "The cursor of a channel was not taken";
    tellError(this.#onError, "TIDINGS_LOG", what, error);
  };

  /** Tells that the streams of a topic do not end, since the entry is not in the log. */
  readonly tellDisconnect = (error: unknown): void => {
    const what = "Clients were not disconnected";
    tellError(this.#onError, "TIDINGS_PUBLISH", what, error);
  };

  /** Tells that the log gives an entry that ends streams as if it were an event. */
  tellUnkept(id: string): void {
    const text = `the log does not keep "disconnect" of its entry ${quote(id)}`;
    this.tellDisconnect(new Error(`Cannot disconnect clients: ${text}`));
  }

  /** Notes that the log gives events. */
  noteAnswer(): void {
    this.#toldKinds.clear();
  }

  /** Tells that an entry of the log was left out, once for all that read it. */
  readonly tellEntry = (error: EventLogEntryError): void => {
    if (!note(this.#toldEntries, error.id)) return;
    const what = "An entry of a channel's log was left out";
    tellError(this.#onError, "TIDINGS_ENTRY", what, error);
  };

  /**
   * Tells why the stream of a client has ended. Without `onError` the caller fails the
   * body of the response, which the runtime reports.
   */
  tellClient(error: unknown): void {
    const onError = this.#onError;
    if (onError === undefined || this.#clientError?.error === error) return;
    this.#clientError = { error };
    queueMicrotask(() => this.#clientError = undefined);
    callBack("onError", () => onError(error));
  }
}

/**
 * Names the kind of an error: errors of one kind differ in what an engine adds, such as a
 * key or a command.
 */
export function getErrorKind(error: unknown): string {
  try {
    if (!(error instanceof Error)) return String(error);
    const { name, message } = error.cause instanceof Error
      ? error.cause
      : error;
    const [, prefix] = PREFIX_REGEXP.exec(message) ?? [];
    return prefix ?? `${name}: ${message}`;
  } catch {
    // Its members cannot be read: following must not end because of that.
    return typeof error;
  }
}

/** Adds a text to those that were told; `false` if it is one of them. */
function note(told: Set<string>, text: string): boolean {
  if (told.has(text)) return false;
  told.add(text);
  if (told.size > MAX_TOLD) {
    const [oldest = ""] = told;
    told.delete(oldest);
  }
  return true;
}
