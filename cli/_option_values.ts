// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads and checks the values of single options. `parseCommand()` calls it for each option
 * that has a value.
 *
 * @module
 */

import {
  describeMismatch,
  findNearestName,
  MAX_DELAY,
  quote,
} from "../_validate.ts";

// Deno sends its own in place of these, and reports no error.
const FETCH_HEADER_REGEXP = /^(?:host|content-length|transfer-encoding)$/i;
// `connect()` refuses these too; here they are a mistake in the arguments.
// deno-lint-ignore no-control-regex -- they are what is looked for.
const CONTROL_REGEXP = /[\x00-\x08\x0a-\x1f\x7f]/;
/**
 * A host with a port, a path, a dot or brackets, or `localhost`, and no scheme. The path of a
 * file is none, nor is a scheme without its colon.
 */
const SHORT_URL_REGEXP =
  /^(?!https?\/)(?:localhost\b|\[|[^\s/:?#]+:\d|[^\s/:?#]*[^\s/:?#.](?:\.[^\s/:?#]|\/))/i;
const COMMANDS = ["serve", "relay"];
/** Seconds of the longest timeout: timers with a longer delay fire at once. */
const MAX_TIMEOUT = Math.floor(MAX_DELAY / 1000);

/** The error of wrong arguments, after which `--help` is named. */
export class UsageError extends Error {
  override name = "UsageError";
}

/**
 * Reads the only argument that is not an option. Without a scheme it is a URL of `http:`,
 * if it looks like one: a word alone is more likely a command with a typing error.
 */
export function parseUrl(positionals: readonly string[]): string {
  const [url, ...rest] = positionals;
  if (url === undefined) {
    throw new UsageError("Cannot read arguments: a URL is missing");
  }
  if (rest.length > 0) {
    throw new UsageError(
      `Cannot read arguments: expected one URL, got ${quote(rest[0])} as well`,
    );
  }
  const full = SHORT_URL_REGEXP.test(url) ? `http://${url}` : url;
  if (!URL.canParse(full) || !/^https?:$/.test(new URL(full).protocol)) {
    const command = findNearestName(url, COMMANDS);
    const hint = command === undefined ? "" : `, or the command ${command}`;
    const expected = `a URL that begins with http:// or https://${hint}`;
    throw mismatch("url", expected, url);
  }
  return full;
}

/** Reads `--event` of `serve`. */
export function parseType(type: string | undefined): string | undefined {
  if (type !== undefined && /[\r\n\0]/.test(type)) {
    throw mismatch("--event", "text of one line", type);
  }
  return type;
}

/** Reads the lines of `-H`. */
export function parseHeaders(lines: readonly string[]): Headers {
  const headers = new Headers();
  for (const line of lines) {
    const [name = "", ...value] = line.split(":");
    if (FETCH_HEADER_REGEXP.test(name)) {
      throw mismatch("-H", "a header that fetch does not set itself", line);
    }
    try {
      if (value.length === 0) throw new TypeError("The colon is missing");
      headers.append(name, value.join(":"));
    } catch {
      throw mismatch("-H", 'a header as "Name: value"', line);
    }
  }
  return headers;
}

/** Reads `-X`. With `-d`, it must be a method that has a body. */
export function parseMethod(
  method: string | undefined,
  hasBody: boolean,
): string | undefined {
  if (method === undefined) return undefined;
  try {
    new Request("http://localhost", { method });
  } catch {
    throw mismatch("-X", "a method that fetch can send", method);
  }
  if (hasBody && /^(?:get|head)$/i.test(method)) {
    throw mismatch("-X", "a method that sends the body of -d", method);
  }
  return method;
}

/** Reads `--last-event-id`. */
export function parseLastEventId(id: string | undefined): string | undefined {
  if (id !== undefined && CONTROL_REGEXP.test(id)) {
    throw mismatch("--last-event-id", "text without control characters", id);
  }
  return id;
}

/** Reads `--hostname`. Node would listen on all addresses for an empty one. */
export function parseHostname(name: string): string {
  if (name !== "") return name;
  throw mismatch("--hostname", "a name or an address", name);
}

/** Reads one value of `--cors` that is not `*`. */
export function parseOrigin(text: string): string {
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    const expected = "* or an origin such as https://app.example";
    throw mismatch("--cors", expected, text);
  }
  return text;
}

/** Reads an integer: digits alone, without a sign or an exponent. */
export function parseInteger(
  option: string,
  text: string,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw mismatch(option, `an integer from ${min} to ${max}`, text);
  }
  return value;
}

/** Reads `--timeout`, into milliseconds. */
export function parseTimeout(text: string): number {
  const seconds = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || seconds > MAX_TIMEOUT) {
    throw mismatch("--timeout", `seconds from 0 to ${MAX_TIMEOUT}`, text);
  }
  return seconds * 1000;
}

function mismatch(option: string, expected: string, value: string): UsageError {
  return new UsageError(
    describeMismatch("read arguments", option, expected, value),
  );
}
