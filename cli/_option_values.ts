// Copyright 2026 the Tidings authors. MIT license.

/** What the values of single options mean. */

// Deno sends its own in place of these, without a word.
const FETCH_HEADER_REGEXP = /^(?:host|content-length|transfer-encoding)$/i;
// As `connect()` has it; here it is a mistake in the arguments.
// deno-lint-ignore no-control-regex -- they are what is looked for.
const CONTROL_REGEXP = /[\x00-\x08\x0a-\x1f\x7f]/;
// Timers with a longer delay fire at once.
const MAX_TIMEOUT = 2_147_483;

/** The arguments are wrong. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Reads the only argument that is no option. */
export function parseUrl(positionals: readonly string[]): string {
  const [url, ...rest] = positionals;
  if (url === undefined) throw new UsageError("a URL is missing");
  if (rest.length > 0) {
    throw new UsageError(`one URL is wanted, ${quote(rest[0])} is too much`);
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UsageError(
      `the URL is ${
        quote(url)
      }, one that begins with http:// or https:// is wanted`,
    );
  }
  return url;
}

/** Reads the lines of `-H`. */
export function parseHeaders(lines: readonly string[]): Headers {
  const headers = new Headers();
  for (const line of lines) {
    const [name = "", ...value] = line.split(":");
    if (FETCH_HEADER_REGEXP.test(name)) {
      throw new UsageError(`-H is ${quote(line)}, which fetch sets by itself`);
    }
    try {
      if (value.length === 0) throw new TypeError("There is no colon");
      headers.append(name, value.join(":"));
    } catch {
      throw new UsageError(`-H is ${quote(line)}, "Name: value" is wanted`);
    }
  }
  return headers;
}

/** Reads `-X`, which has to leave room for a body where there is one. */
export function parseMethod(
  method: string | undefined,
  hasBody: boolean,
): string | undefined {
  if (method === undefined) return undefined;
  try {
    new Request("http://localhost", { method });
  } catch {
    throw new UsageError(
      `-X is ${quote(method)}, a method that fetch can send is wanted`,
    );
  }
  if (hasBody && /^(?:get|head)$/i.test(method)) {
    throw new UsageError(
      `-X is ${quote(method)}, which sends no body, -d does`,
    );
  }
  return method;
}

/** Reads `--last-event-id`. */
export function parseLastEventId(id: string | undefined): string | undefined {
  if (id !== undefined && CONTROL_REGEXP.test(id)) {
    throw new UsageError(
      `--last-event-id is ${
        quote(id)
      }, text without control characters is wanted`,
    );
  }
  return id;
}

/** Reads one value of `--cors` that is not `*`. */
export function parseOrigin(text: string): string {
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    throw new UsageError(
      `--cors is ${
        quote(text)
      }, * or an origin such as https://app.example is wanted`,
    );
  }
  return text;
}

/** Reads a number without sign, point and exponent. */
export function parseInteger(
  option: string,
  text: string,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new UsageError(
      `${option} is ${quote(text)}, an integer from ${min} to ${max} is wanted`,
    );
  }
  return value;
}

/** Reads `--timeout`, into milliseconds. */
export function parseTimeout(text: string): number {
  const seconds = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || seconds > MAX_TIMEOUT) {
    throw new UsageError(
      `--timeout is ${
        quote(text)
      }, seconds from 0 to ${MAX_TIMEOUT} are wanted`,
    );
  }
  return seconds * 1000;
}

/** Quotes what was given, as far as it is of use in a message. */
export function quote(text = ""): string {
  return JSON.stringify(text.slice(0, 40));
}
