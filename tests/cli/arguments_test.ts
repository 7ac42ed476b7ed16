// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../cli/mod.ts";
import config from "../../deno.json" with { type: "json" };
import { eventStream, serve } from "../support/event_server.ts";

interface MainResult {
  status: number;
  stdout: string;
  reports: string[];
}

/** Runs the command line in this process. */
async function run(
  args: string[],
  { hasColors = false, isTerminal = false } = {},
): Promise<MainResult> {
  const reports: string[] = [];
  const decoder = new TextDecoder();
  let stdout = "";
  const status = await main(args, {
    stdin: new Blob([]).stream(),
    stdout: new WritableStream({
      write(chunk): void {
        stdout += decoder.decode(chunk, { stream: true });
      },
    }),
    report: (line) => reports.push(line),
    hasColors,
    isTerminal,
    signal: new AbortController().signal,
  });
  return { status, stdout, reports };
}

const URL_ARGUMENT = "http://127.0.0.1:8000/";
const WRONG: { args: string[]; error: string }[] = [
  { args: [], error: "a URL is missing" },
  { args: ["relay"], error: "a URL is missing" },
  {
    args: ["localhost:8000"],
    error: 'the URL is "localhost:8000", one that begins with http:// or ' +
      "https:// is wanted",
  },
  {
    args: [URL_ARGUMENT, "b"],
    error: 'one URL is wanted, "b" is too much',
  },
  {
    args: ["serve", URL_ARGUMENT],
    error: `serve reads standard input, "${URL_ARGUMENT}" is too much`,
  },
  { args: [URL_ARGUMENT, "--port", "1"], error: "'--port'" },
  { args: ["serve", "--count", "1"], error: "'--count'" },
  { args: [URL_ARGUMENT, "--count"], error: "'--count <value>'" },
  {
    args: [URL_ARGUMENT, "--count", "0"],
    error: '--count is "0", an integer from 1 to 9007199254740991 is wanted',
  },
  {
    args: [URL_ARGUMENT, "--timeout", "1e3"],
    error: '--timeout is "1e3", seconds from 0 to 2147483 are wanted',
  },
  {
    args: [URL_ARGUMENT, "--timeout", "2147484"],
    error: '--timeout is "2147484"',
  },
  { args: [URL_ARGUMENT, "-H", "a"], error: '-H is "a", "Name: value"' },
  { args: [URL_ARGUMENT, "-H", ": a"], error: '-H is ": a", "Name: value"' },
  { args: [URL_ARGUMENT, "-H", "é: a"], error: '-H is "é: a", "Name: value"' },
  { args: [URL_ARGUMENT, "-H", "X-A;"], error: '-H is "X-A;", "Name: value"' },
  { args: [URL_ARGUMENT, "-H", "host: a"], error: '-H is "host: a", which' },
  {
    args: [URL_ARGUMENT, "-H", "Content-Length:1"],
    error: '-H is "Content-Length:1", which fetch sets by itself',
  },
  {
    args: [URL_ARGUMENT, "--last-event-id", "a\nb"],
    error: '--last-event-id is "a\\nb", text without control characters',
  },
  { args: [URL_ARGUMENT, "-X", "a b"], error: '-X is "a b", a method that' },
  {
    args: [URL_ARGUMENT, "-X", "TRACE"],
    error: '-X is "TRACE", a method that fetch can send is wanted',
  },
  {
    args: [URL_ARGUMENT, "-X", "GET", "-d", "a"],
    error: '-X is "GET", which sends no body, -d does',
  },
  {
    args: [URL_ARGUMENT, "--raw", "--json"],
    error: "--json and --event cannot go with it",
  },
  {
    args: [URL_ARGUMENT, "--raw", "--event", "a"],
    error: "--json and --event cannot go with it",
  },
  {
    args: ["serve", "--port", "65536"],
    error: '--port is "65536", an integer from 0 to 65535 is wanted',
  },
  { args: ["serve", "--history", "x"], error: '--history is "x", an integer' },
  { args: ["serve", "--replay", "-1"], error: "'--replay" },
  { args: ["relay", URL_ARGUMENT, "--replay=-1"], error: '--replay is "-1"' },
  {
    args: ["serve", "--input", "xml"],
    error: '--input is "xml", json or event-stream is wanted',
  },
  {
    args: ["serve", "--cors", "https://app.example/"],
    error: '--cors is "https://app.example/", * or an origin',
  },
];

for (const { args, error } of WRONG) {
  Deno.test(`cli refuses the arguments: ${args.join(" ")}`, async () => {
    const { status, stdout, reports } = await run(args);
    assertEquals(status, 2);
    assertEquals(stdout, "");
    assertEquals(reports.length, 2);
    assertStringIncludes(reports[0] ?? "", error);
    assertEquals(reports[1], "Try --help");
  });
}

for (const args of [["-h"], ["--help"], ["serve", "-h"], ["relay", "-h"]]) {
  Deno.test(`cli prints the manual: ${args.join(" ")}`, async () => {
    const { status, stdout, reports } = await run(args);
    assertEquals(status, 0);
    assertEquals(reports, []);
    for (const line of stdout.split("\n")) {
      assertEquals(line.length <= 80, true, line);
    }
  });
}

Deno.test("cli --help names every option", async () => {
  const { stdout } = await run(["--help"]);
  const source = await Deno.readTextFile(
    new URL("../../cli/_arguments.ts", import.meta.url),
  );
  const names = [...source.matchAll(/^ {2}"?([a-z-]+)"?: \{ type: /gm)]
    .map((match) => match[1]);
  assertEquals(names.length, 18);
  for (const name of names) assertStringIncludes(stdout, `--${name} `);
});

Deno.test("cli shows events in colours where there are any", async () => {
  await using server = serve(() => eventStream("id: 1\ndata: a\n\n"));
  const { stdout } = await run([server.url, "--no-reconnect"], {
    hasColors: true,
  });
  assertEquals(stdout, "\x1b[1m\x1b[36mmessage\x1b[0m \x1b[2m#1\x1b[0m\na\n\n");
});

Deno.test("cli says on a terminal what it waits for, and nowhere else", async () => {
  await using server = serve(() => eventStream("data: a\n\n"));
  const url = server.url.replace("http://", "http://ada:secret@");
  const args = [url, "--count", "1"];
  assertEquals((await run(args, { isTerminal: true })).reports, [
    `connecting to ${server.url}, Ctrl+C ends it`,
    `connected to ${server.url}, waiting for events`,
  ]);
  assertEquals((await run(args)).reports, [`connected to ${server.url}`]);
});

for (const args of [["--version"], ["serve", "--version"]]) {
  Deno.test(`cli prints the version of deno.json: ${args.join(" ")}`, async () => {
    const { status, stdout, reports } = await run(args);
    assertEquals(status, 0);
    assertEquals(stdout, `${config.version}\n`);
    assertEquals(reports, []);
  });
}

Deno.test("cli fails if standard output fails", async () => {
  await using server = serve(() => eventStream("data: a\n\n"));
  for (const format of [[], ["--raw"]]) {
    const reports: string[] = [];
    const status = await main([server.url, ...format], {
      stdin: new Blob([]).stream(),
      stdout: new WritableStream({
        write(): never {
          throw new Error("the disk is full");
        },
      }),
      report: (line) => reports.push(line),
      hasColors: false,
      isTerminal: false,
      signal: new AbortController().signal,
    });
    assertEquals(status, 1);
    assertEquals(reports.at(-1), "error: the disk is full");
  }
});
