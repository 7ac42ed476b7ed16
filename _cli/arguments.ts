// Copyright 2026 the Tidings authors. MIT license.

import { parseArgs, type ParseArgsConfig } from "node:util";
import type { ConnectOptions } from "../client.ts";

/** The arguments are wrong. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Where the events of an upstream come from, and which of them count. */
export interface Upstream {
  url: string;
  options: ConnectOptions;
  /** The event types that count, `undefined` for all. */
  types: ReadonlySet<string> | undefined;
}

/** How events are served. */
export interface Serving {
  port: number;
  hostname: string;
  history: number;
  replay: number | "all";
  /** The origins that may read, `undefined` for none but the server's own. */
  origins: "*" | string[] | undefined;
}

/** Prints the events of a stream. */
export interface ReadCommand extends Upstream {
  name: "read";
  format: "pretty" | "json" | "raw";
  /** How many events to print, `Infinity` for all. */
  count: number;
  /** Milliseconds, `undefined` for no end. */
  timeout: number | undefined;
}

/** Serves the events of standard input. */
export interface ServeCommand extends Serving {
  name: "serve";
  input: "json" | "event-stream";
}

/** Serves the events of another stream. */
export interface RelayCommand extends Serving, Upstream {
  name: "relay";
}

/** What the command line is asked to do. */
export type Command =
  | { name: "help" }
  | ReadCommand
  | ServeCommand
  | RelayCommand;

const HELP_OPTIONS = { help: { type: "boolean" } } as const;
const UPSTREAM_OPTIONS = {
  header: { type: "string", short: "H", multiple: true },
  method: { type: "string", short: "X" },
  data: { type: "string", short: "d" },
  "last-event-id": { type: "string" },
  event: { type: "string", multiple: true },
  "no-reconnect": { type: "boolean" },
} as const;
const SERVING_OPTIONS = {
  port: { type: "string", default: "8000" },
  hostname: { type: "string", default: "127.0.0.1" },
  history: { type: "string", default: "10000" },
  replay: { type: "string", default: "0" },
  cors: { type: "string", multiple: true },
} as const;
const READ_OPTIONS = {
  ...HELP_OPTIONS,
  ...UPSTREAM_OPTIONS,
  json: { type: "boolean" },
  raw: { type: "boolean" },
  count: { type: "string" },
  timeout: { type: "string" },
} as const;
const SERVE_OPTIONS = {
  ...HELP_OPTIONS,
  ...SERVING_OPTIONS,
  input: { type: "string", default: "json" },
} as const;
const RELAY_OPTIONS = {
  ...HELP_OPTIONS,
  ...UPSTREAM_OPTIONS,
  ...SERVING_OPTIONS,
} as const;

// Timers with a longer delay fire at once.
const MAX_TIMEOUT = 2_147_483;

/** What `parseArgs` makes of a table of options. */
type Values<T extends NonNullable<ParseArgsConfig["options"]>> = ReturnType<
  typeof parseArgs<{ options: T; allowPositionals: true }>
>["values"];

/**
 * Reads the arguments, and the body of the request if one is to be read.
 *
 * @throws {UsageError} If the arguments are wrong.
 */
export async function parseCommand(
  args: readonly string[],
  stdin: ReadableStream<Uint8Array>,
): Promise<Command> {
  const [name, ...rest] = args;
  if (name === "serve") return parseServe(rest);
  if (name === "relay") return await parseRelay(rest, stdin);
  return await parseRead([...args], stdin);
}

async function parseRead(
  args: string[],
  stdin: ReadableStream<Uint8Array>,
): Promise<Command> {
  const { values, positionals } = parse(args, READ_OPTIONS);
  if (values.help) return { name: "help" };
  const { json, raw, count, timeout } = values;
  if (raw && (json || values.event !== undefined)) {
    throw new UsageError(
      "--raw prints all bytes as they come, --json and --event cannot go with it",
    );
  }
  return {
    name: "read",
    format: raw ? "raw" : json ? "json" : "pretty",
    count: count === undefined ? Infinity : parseInteger("--count", count, 1),
    timeout: timeout === undefined ? undefined : parseTimeout(timeout),
    ...await parseUpstream(positionals, values, stdin),
  };
}

function parseServe(args: string[]): Command {
  const { values, positionals } = parse(args, SERVE_OPTIONS);
  if (values.help) return { name: "help" };
  if (positionals.length > 0) {
    throw new UsageError(
      `serve reads standard input, ${quote(positionals[0])} is too much`,
    );
  }
  const { input } = values;
  if (input !== "json" && input !== "event-stream") {
    throw new UsageError(
      `--input is ${quote(input)}, json or event-stream is wanted`,
    );
  }
  return { name: "serve", input, ...parseServing(values) };
}

async function parseRelay(
  args: string[],
  stdin: ReadableStream<Uint8Array>,
): Promise<Command> {
  const { values, positionals } = parse(args, RELAY_OPTIONS);
  if (values.help) return { name: "help" };
  return {
    name: "relay",
    ...parseServing(values),
    ...await parseUpstream(positionals, values, stdin),
  };
}

function parse<T extends NonNullable<ParseArgsConfig["options"]>>(
  args: string[],
  options: T,
): { values: Values<T>; positionals: string[] } {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    // All that it throws is about the arguments.
    throw new UsageError(error instanceof Error ? error.message : `${error}`);
  }
}

async function parseUpstream(
  positionals: readonly string[],
  values: Values<typeof UPSTREAM_OPTIONS>,
  stdin: ReadableStream<Uint8Array>,
): Promise<Upstream> {
  const { data, event, method } = values;
  const url = parseUrl(positionals);
  const headers = parseHeaders(values.header ?? []);
  if (data !== undefined && !headers.has("content-type")) {
    headers.set("content-type", "application/json");
  }
  try {
    new Request(url, { method: method ?? "GET" });
  } catch {
    throw new UsageError(`-X is ${quote(method)}, an HTTP method is wanted`);
  }
  if (data !== undefined && /^(get|head)$/i.test(method ?? "")) {
    throw new UsageError(
      `-X is ${quote(method)}, which sends no body, -d does`,
    );
  }
  return {
    url,
    types: event === undefined ? undefined : new Set(event),
    options: {
      headers,
      method,
      lastEventId: values["last-event-id"],
      shouldReconnect: values["no-reconnect"] ? () => false : undefined,
      body: data === undefined ? undefined : await readBody(data, stdin),
    },
  };
}

function parseUrl(positionals: readonly string[]): string {
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

function parseHeaders(lines: readonly string[]): Headers {
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    try {
      headers.append(line.slice(0, colon), line.slice(colon + 1));
    } catch {
      throw new UsageError(`-H is ${quote(line)}, "Name: value" is wanted`);
    }
  }
  return headers;
}

function readBody(
  data: string,
  stdin: ReadableStream<Uint8Array>,
): string | Promise<BodyInit> {
  if (data === "-") return new Response(stdin).arrayBuffer();
  if (data.startsWith("@")) return Deno.readFile(data.slice(1));
  return data;
}

function parseServing(values: Values<typeof SERVING_OPTIONS>): Serving {
  const { hostname, replay, cors } = values;
  return {
    port: parseInteger("--port", values.port, 0, 65535),
    hostname,
    history: parseInteger("--history", values.history, 0),
    replay: replay === "all" ? "all" : parseInteger("--replay", replay, 0),
    origins: cors?.includes("*") ? "*" : cors?.map(parseOrigin),
  };
}

function parseOrigin(text: string): string {
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    throw new UsageError(
      `--cors is ${
        quote(text)
      }, * or an origin such as https://app.example is wanted`,
    );
  }
  return text;
}

function parseInteger(
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

function parseTimeout(text: string): number {
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

function quote(text = ""): string {
  return JSON.stringify(text.slice(0, 40));
}
