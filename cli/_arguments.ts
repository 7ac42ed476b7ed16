// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the arguments of the command line into a command. `main()` calls it first.
 *
 * @module
 */

import { parseArgs, type ParseArgsConfig } from "node:util";
import type { Command, Serving, Upstream } from "./_command.ts";
import { type CommandLineIo, unlessAborted } from "./_io.ts";
import {
  parseHeaders,
  parseHostname,
  parseInteger,
  parseLastEventId,
  parseMethod,
  parseOrigin,
  parseTimeout,
  parseType,
  parseUrl,
  UsageError,
} from "./_option_values.ts";
import { describeMismatch, findNearestName, quote } from "../_validate.ts";

const HELP_OPTIONS = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;
const UPSTREAM_OPTIONS = {
  header: { type: "string", short: "H", multiple: true },
  method: { type: "string", short: "X" },
  data: { type: "string", short: "d" },
  "last-event-id": { type: "string" },
  event: { type: "string", multiple: true },
  "no-reconnect": { type: "boolean" },
  "ignore-content-type": { type: "boolean" },
  "ignore-status": { type: "boolean" },
} as const;
const SERVING_OPTIONS = {
  port: { type: "string", default: "8000" },
  hostname: { type: "string", default: "127.0.0.1" },
  history: { type: "string", default: "10000" },
  replay: { type: "string" },
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
  event: { type: "string" },
} as const;
const RELAY_OPTIONS = {
  ...HELP_OPTIONS,
  ...UPSTREAM_OPTIONS,
  ...SERVING_OPTIONS,
} as const;

/** All options by the commands that have them. */
const COMMAND_OPTIONS = {
  "read": READ_OPTIONS,
  "serve": SERVE_OPTIONS,
  "relay": RELAY_OPTIONS,
};

/** The values that `parseArgs` reads by a table of options. */
type Values<T extends NonNullable<ParseArgsConfig["options"]>> = ReturnType<
  typeof parseArgs<{ options: T; allowPositionals: true }>
>["values"];

/**
 * Reads the arguments, and the body of the request if it comes from a file or from
 * standard input.
 *
 * @param args The arguments, without the name of the program.
 * @param io What the command line reads and writes.
 * @returns The command.
 * @throws {UsageError} If the arguments are wrong.
 * @throws {unknown} The reason of `io.signal`, if it is aborted meanwhile.
 */
export async function parseCommand(
  args: readonly string[],
  io: CommandLineIo,
): Promise<Command> {
  const [name, ...rest] = args;
  if (name === "serve") return parseServe(rest);
  if (name === "relay") return await parseRelay(rest, io);
  return await parseRead([...args], io);
}

async function parseRead(
  args: string[],
  io: CommandLineIo,
): Promise<Command> {
  const { values, positionals } = parse(args, READ_OPTIONS);
  const info = findInfoCommand(values);
  if (info !== undefined) return info;
  const { json, raw, count, timeout } = values;
  if (raw && (json || values.event !== undefined)) {
    throw new UsageError(
      "Cannot read arguments: --raw prints all bytes as they come, without --json and --event",
    );
  }
  return {
    name: "read",
    format: raw ? "raw" : json ? "json" : "pretty",
    count: count === undefined ? Infinity : parseInteger("--count", count, 1),
    timeout: timeout === undefined ? undefined : parseTimeout(timeout),
    ...await parseUpstream(positionals, values, io),
  };
}

function parseServe(args: string[]): Command {
  const { values, positionals } = parse(args, SERVE_OPTIONS);
  const info = findInfoCommand(values);
  if (info !== undefined) return info;
  if (positionals.length > 0) {
    throw new UsageError(
      `Cannot read arguments: expected only options after serve, which reads standard input, got ${
        quote(positionals[0])
      }`,
    );
  }
  const { input, event } = values;
  if (input !== "json" && input !== "event-stream" && input !== "text") {
    const expected = "json, text or event-stream";
    throw new UsageError(
      describeMismatch("read arguments", "--input", expected, input),
    );
  }
  if (event !== undefined && input !== "text") {
    throw new UsageError(
      "Cannot read arguments: --event of serve is the type of the lines of --input text",
    );
  }
  return {
    name: "serve",
    input,
    type: parseType(event),
    // A client may connect after all input was read, and has to see it nevertheless.
    ...parseServing(values, "all"),
  };
}

async function parseRelay(
  args: string[],
  io: CommandLineIo,
): Promise<Command> {
  const { values, positionals } = parse(args, RELAY_OPTIONS);
  const info = findInfoCommand(values);
  if (info !== undefined) return info;
  return {
    name: "relay",
    ...parseServing(values, "0"),
    ...await parseUpstream(positionals, values, io),
  };
}

/** Finds `--help` and `--version`, which come before all else. */
function findInfoCommand(
  { help, version }: Values<typeof HELP_OPTIONS>,
): Command | undefined {
  if (help) return { name: "help" };
  return version ? { name: "version" } : undefined;
}

function parse<T extends NonNullable<ParseArgsConfig["options"]>>(
  args: string[],
  options: T,
): { values: Values<T>; positionals: string[] } {
  assertKnownOptions(args, options);
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    // It throws only about the arguments.
    throw new UsageError(error instanceof Error ? error.message : `${error}`);
  }
}

/**
 * Refuses an option that the command does not have.
 *
 * @throws {UsageError} It names the command that has it, or the nearest option.
 */
function assertKnownOptions(
  args: string[],
  options: NonNullable<ParseArgsConfig["options"]>,
): void {
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true });
  const unknown = tokens.find((token) =>
    token.kind === "option" && !Object.hasOwn(options, token.name)
  );
  if (unknown?.kind !== "option") return;
  const { name, rawName } = unknown;
  throw new UsageError(
    `Cannot read arguments: expected an option of the command, got '${rawName}'${
      describeNearest(name, Object.keys(options))
    }`,
  );
}

/** Says which command has an option, or which is the nearest, of the command first. */
function describeNearest(name: string, own: string[]): string {
  const others = findCommands(name);
  if (others !== "") return `, an option of ${others}`;
  const nearest = findNearestName(name, own);
  if (nearest !== undefined) return `, the nearest is --${nearest}`;
  const all = Object.values(COMMAND_OPTIONS).flatMap(Object.keys);
  const foreign = findNearestName(name, all);
  return foreign === undefined
    ? ""
    : `, the nearest is --${foreign} of ${findCommands(foreign)}`;
}

/** The commands that have an option of a name, or of a letter. */
function findCommands(name: string): string {
  return Object.entries(COMMAND_OPTIONS)
    .filter(([, options]) => hasOption(options, name))
    .map(([command]) => command).join(" and ");
}

/** Whether a table has it. */
function hasOption(
  options: NonNullable<ParseArgsConfig["options"]>,
  name: string,
): boolean {
  return Object.hasOwn(options, name) ||
    Object.values(options).some(({ short }) => short === name);
}

async function parseUpstream(
  positionals: readonly string[],
  values: Values<typeof UPSTREAM_OPTIONS>,
  io: CommandLineIo,
): Promise<Upstream> {
  const { data, event } = values;
  const url = parseUrl(positionals);
  const headers = parseHeaders(values.header ?? []);
  if (data !== undefined && !headers.has("content-type")) {
    headers.set("content-type", "application/json");
  }
  return {
    url,
    types: event === undefined ? undefined : new Set(event),
    options: {
      headers,
      method: parseMethod(values.method, data !== undefined),
      lastEventId: parseLastEventId(values["last-event-id"]),
      shouldReconnect: values["no-reconnect"] ? () => false : undefined,
      ignoreContentType: values["ignore-content-type"],
      ignoreStatus: values["ignore-status"],
      body: data === undefined ? undefined : await readBody(data, io),
    },
  };
}

async function readBody(
  data: string,
  { stdin, signal, readFile = (path) => Deno.readFile(path) }: CommandLineIo,
): Promise<BodyInit> {
  if (data !== "-" && !data.startsWith("@")) return data;
  const body: Promise<BodyInit> = data === "-"
    ? new Response(stdin).arrayBuffer()
    : readFile(data.slice(1));
  return await unlessAborted(body, signal);
}

function parseServing(
  values: Values<typeof SERVING_OPTIONS>,
  defaultReplay: string,
): Serving {
  const { hostname, replay = defaultReplay, cors } = values;
  return {
    port: parseInteger("--port", values.port, 0, 65535),
    hostname: parseHostname(hostname),
    history: parseInteger("--history", values.history, 0),
    replay: replay === "all" ? "all" : parseInteger("--replay", replay, 0),
    origins: cors?.includes("*") ? "*" : cors?.map(parseOrigin),
  };
}
