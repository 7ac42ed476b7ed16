// Copyright 2026 the Tidings authors. MIT license.

/**
 * The error about an entry that is no event. Engines make it of what other programs have
 * written; channels tell it to `onError`.
 *
 * @module
 */

import { quote } from "../_validate.ts";

/**
 * An entry of a log is no event that can be sent: another program has written it. Readers
 * get what comes before and after it.
 */
export class EventLogEntryError extends Error {
  /** The name of the class. */
  override readonly name = "EventLogEntryError";
  /** The ID of the entry. */
  readonly id: string;

  /**
   * Makes an error of an entry.
   *
   * @param id The ID of the entry.
   * @param fault What is wrong with it.
   * @param options What caused the error.
   */
  constructor(id: string, fault: string, options?: ErrorOptions) {
    super(`Cannot read entry ${quote(id)} of event log: ${fault}`, options);
    this.id = id;
  }
}
