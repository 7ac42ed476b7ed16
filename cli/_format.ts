// Copyright 2026 the Tidings authors. MIT license.

import { type ConnectionState, EventSourceError } from "../client.ts";
import type { ServerSentEvent } from "../event.ts";

const BOLD = "\x1b[1m";
const CYAN = "\x1b[36m";
const DIM = "\x1b[2m";
const RESET = "\x1b[0m";

// What a terminal may take for a command, but for tab and line feed.
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

/** Says in one line what has become of a connection, and what that means to a person. */
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
  // Another error is thrown as well, and said there.
  return undefined;
}

/** Shows a URL without what is secret in it. */
export function describeUrl(text: string): string {
  const url = new URL(text);
  // What is said may be kept in a log, where a password has no business.
  url.username = "";
  url.password = "";
  return escapeControls(url.href);
}

/** Says in one line what went wrong, down to the first cause. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return toLine(String(error));
  let text = error.message;
  if (error instanceof EventSourceError && error.body !== "") {
    text += `: ${error.body.trim()}`;
  }
  if (error.cause !== undefined) {
    const cause = describeError(error.cause);
    // An error may hand on the message of its cause.
    if (cause !== text) text += `: ${cause}`;
  }
  return toLine(text);
}

function toLine(text: string): string {
  return escapeControls(text.replaceAll(/\s+/g, " "));
}

/** Shows control characters as JSON does, so that no stream commands a terminal. */
function escapeControls(text: string): string {
  return text.replaceAll(
    CONTROL_REGEXP,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
