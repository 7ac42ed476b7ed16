// Copyright 2026 the Tidings authors. MIT license.

/** How the command line ends if a stream tells of a failure, or is none. */

import { assertEquals, assertMatch } from "@std/assert";
import { main } from "../../cli/mod.ts";
import { eventStream, serve } from "../support/event_server.ts";

interface Row {
  name: string;
  body: string;
  args?: string[];
  status: number;
  stderr: RegExp;
}

const ENDED_WITH_ERROR = /^error: .*ended with the event "error": /m;
const NO_STREAM = /^error: .*expected an event stream, got /m;
const ERROR = 'event: error\ndata: {"message":"overloaded"}\n\n';

const ROWS: Row[] = [
  {
    name: "an error event at the end",
    body: `data: a\n\n${ERROR}`,
    status: 1,
    stderr: /ended with the event "error": \{"message":"overloaded"\}$/m,
  },
  {
    name: "an error event alone",
    body: ERROR,
    status: 1,
    stderr: ENDED_WITH_ERROR,
  },
  {
    name: "an error event without a text",
    body: "event: error\ndata\n\n",
    status: 1,
    stderr: ENDED_WITH_ERROR,
  },
  {
    name: "an error event in a line of commands for a terminal",
    body: "event: error\ndata: \x1b[2Ja\ndata: b\n\n",
    status: 1,
    // deno-lint-ignore no-control-regex -- the pattern looks for it
    stderr: /ended with the event "error": [^\x1b\n]*\n$/,
  },
  {
    name: "an error event, as JSON",
    body: ERROR,
    args: ["--json"],
    status: 1,
    stderr: ENDED_WITH_ERROR,
  },
  {
    name: "an error event, as bytes",
    body: ERROR,
    args: ["--raw"],
    status: 1,
    stderr: ENDED_WITH_ERROR,
  },
  {
    name: "an error event that is not asked for",
    body: `data: a\n\n${ERROR}`,
    args: ["--event", "message"],
    status: 1,
    stderr: ENDED_WITH_ERROR,
  },
  {
    name: "an error event that is counted",
    body: `data: a\n\n${ERROR}data: b\n\n`,
    args: ["--count", "2"],
    status: 1,
    stderr: ENDED_WITH_ERROR,
  },
  {
    name: "an error event that is asked for",
    body: ERROR,
    args: ["--event", "error"],
    status: 0,
    stderr: /^(connected.*\n|.*ended.*\n)*$/,
  },
  {
    name: "an error event after which the stream goes on",
    body: `${ERROR}data: a\n\n`,
    status: 0,
    stderr: /^(?!error)/,
  },
  {
    name: "a type that only resembles error",
    body: "event: errors\ndata: a\n\n",
    status: 0,
    stderr: /^(?!error)/,
  },
  { name: "nothing", body: "", status: 0, stderr: /^(?!error)/ },
  {
    name: "comments alone",
    body: ": hello\n\n",
    status: 0,
    stderr: /^(?!error)/,
  },
  {
    name: "JSON",
    body: '{"error":{"message":"overloaded"}}',
    status: 1,
    stderr: NO_STREAM,
  },
  {
    name: "JSON on lines of its own",
    body: '{\n  "error": "overloaded"\n}\n',
    status: 1,
    stderr: NO_STREAM,
  },
  {
    name: "a page",
    body: "<!doctype html>\n<h1>502 Bad Gateway</h1>\n",
    status: 1,
    stderr: NO_STREAM,
  },
  {
    name: "a page, as bytes",
    body: "<html>",
    args: ["--raw"],
    status: 1,
    stderr: NO_STREAM,
  },
  { name: "text", body: "Too many requests", status: 1, stderr: NO_STREAM },
  {
    name: "lines of errors",
    body: "error: overloaded\n\n",
    status: 1,
    stderr: NO_STREAM,
  },
];

for (const { name, body, args = [], status, stderr } of ROWS) {
  Deno.test(`cli ends with status ${status} on a stream of ${name}`, async () => {
    await using server = serve(() => eventStream(body));
    for (const request of [["--no-reconnect"], ["-d", "{}"]]) {
      const result = await run([server.url, ...args, ...request]);
      assertEquals(result.status, status, result.stderr);
      assertMatch(result.stderr, stderr);
      if (args.includes("--raw")) assertEquals(result.stdout, body);
    }
  });
}

/** Runs the command line in this process. */
async function run(
  args: string[],
): Promise<{ status: number; stdout: string; stderr: string }> {
  const decoder = new TextDecoder();
  let stdout = "";
  let stderr = "";
  const status = await main(args, {
    stdin: new Blob([]).stream(),
    stdout: new WritableStream<Uint8Array>({
      write(chunk): void {
        stdout += decoder.decode(chunk, { stream: true });
      },
    }),
    report: (line) => stderr += `${line}\n`,
    hasColors: false,
    isTerminal: false,
    signal: new AbortController().signal,
  });
  return { status, stdout, stderr };
}
