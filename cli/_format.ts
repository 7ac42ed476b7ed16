// Copyright 2026 the Tidings authors. MIT license.

/**
 * Writes events, states of a connection and errors as text, safe for a terminal. All
 * output of the command line but `--raw` passes here.
 *
 * @module
 */

import { type ConnectionState, EventSourceError } from "../client.ts";
import type { ServerSentEvent } from "../event.ts";

const BOLD = "\x1b[1m";
const CYAN = "\x1b[36m";
const DIM = "\x1b[2m";
const RESET = "\x1b[0m";

// The characters by which a stream could control a terminal; tab and line feed pass.
// deno-lint-ignore no-control-regex -- they are what is looked for.
const CONTROL_REGEXP = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Writes an event for people: a line with its type and ID, and its data. */
export function formatPretty(
  { event, data, id }: ServerSentEvent,
  hasColors: boolean,
): string {
  const paint = (style: string, text: string): string =>
    hasColors ? style + escapeControls(text) + RESET : escapeControls(text);
  const heading = paint(BOLD + CYAN, toLine(event)) +
    (id === undefined ? "" : ` ${paint(DIM, `#${toLine(id)}`)}`);
  return `${heading}\n${escapeControls(data)}\n\n`;
}

/** Writes an event as a line of JSON. */
export function formatJson(event: ServerSentEvent): string {
  return `${escapeControls(JSON.stringify(event))}\n`;
}

/** Describes a state of a connection in one line. */
export function describeState(
  change: ConnectionState,
  isTerminal: boolean,
): string | undefined {
  if (change.state === "open") {
    const line = `connected to ${describeUrl(change.response.url)}`;
    return isTerminal ? `${line}, waiting for events` : line;
  }
  const { error } = change;
  if (change.state === "reconnecting") {
    const seconds = (change.delay / 1000).toFixed(1);
    const reason = error?.reason === "end"
      ? "the server ended the stream"
      : describeError(error);
    return `reconnecting in ${seconds} s, attempt ${change.attempt}: ${reason}`;
  }
  if (error?.reason === "end") return "ended by the server";
  if (error?.reason === "no-content") {
    return "ended by the server, with status 204";
  }
  // Any other error is thrown as well, and `main()` reports it.
  return undefined;
}

/** Shows a URL without its user name and password. */
export function describeUrl(text: string): string {
  const url = new URL(text);
  // Reports may be kept in a log, which must not hold a password.
  url.username = "";
  url.password = "";
  return escapeControls(url.href);
}

/** Describes an error in one line, with all its causes. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return toLine(String(error));
  let text = nameOptions(error.message);
  if (error instanceof EventSourceError && error.body !== "") {
    text += `: ${error.body.trim()}`;
  }
  if (error.cause !== undefined) {
    const cause = describeError(error.cause);
    // The message of an error may be that of its cause.
    if (cause !== text) text += `: ${cause}`;
  }
  return toLine(text);
}

/** Replaces the options of `connect()` in an error by those of the command line. */
function nameOptions(message: string): string {
  return message
    .replace('the option "ignoreContentType"', "--ignore-content-type")
    .replace('the option "ignoreStatus"', "--ignore-status");
}

function toLine(text: string): string {
  return escapeControls(text.replaceAll(/\s+/g, " "));
}

/** Writes control characters as JSON does, so that no stream controls a terminal. */
function escapeControls(text: string): string {
  return text.replaceAll(
    CONTROL_REGEXP,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
