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
  ...[
    "ftp://localhost:8000",
    "file:/etc/hosts",
    "mailto:a",
    "data:1,a",
    "http://",
    "//localhost",
    "/events",
    "./events",
    "../a/b",
    "http//a.example",
    "https/a.example",
    ":8000",
    ".",
    "a b.c",
    "events",
    "",
  ].map((url) => ({
    args: [url],
    error:
      'Cannot read arguments: expected "url" to be a URL that begins with ' +
      `http:// or https://, got ${JSON.stringify(url)}`,
  })),
  {
    args: ["serv"],
    error: 'http:// or https://, or the command serve, got "serv"',
  },
  {
    args: ["--json", "Relay"],
    error: 'http:// or https://, or the command relay, got "Relay"',
  },
  { args: [URL_ARGUMENT, "--jsn"], error: "'--jsn', the nearest is --json" },
  {
    args: ["serve", "--histroy=5"],
    error: "'--histroy', the nearest is --history",
  },
  {
    args: ["relay", URL_ARGUMENT, "--hedaer", "a: b"],
    error: "'--hedaer', the nearest is --header",
  },
  {
    args: [URL_ARGUMENT, "-d", "a", "-q"],
    error: "expected an option of the command, got '-q'",
  },
  {
    args: [URL_ARGUMENT, "--prot", "1"],
    error: "got '--prot', the nearest is --port of serve and relay",
  },
  {
    args: [URL_ARGUMENT, "--port", "1"],
    error: "got '--port', an option of serve and relay",
  },
  {
    args: ["serve", "-X", "GET"],
    error: "got '-X', an option of read and relay",
  },
  {
    args: ["relay", URL_ARGUMENT, "--__proto__", "a"],
    error: "got '--__proto__'",
  },
  {
    args: ["serve", "--event", "tick"],
    error: "--event of serve is the type of the lines of --input text",
  },
  {
    args: ["serve", "--input", "text", "--event", "a\nb"],
    error: 'expected "--event" to be text of one line, got "a\\nb"',
  },
  {
    args: [URL_ARGUMENT, "b"],
    error: 'expected one URL, got "b" as well',
  },
  {
    args: ["serve", URL_ARGUMENT],
    error: "expected only options after serve, which reads standard input, " +
      `got "${URL_ARGUMENT}"`,
  },
  { args: [URL_ARGUMENT, "--port", "1"], error: "'--port'" },
  { args: ["serve", "--count", "1"], error: "'--count'" },
  { args: [URL_ARGUMENT, "--count"], error: "'--count <value>'" },
  {
    args: [URL_ARGUMENT, "--count", "0"],
    error: 'expected "--count" to be an integer from 1 to 9007199254740991, ' +
      'got "0"',
  },
  {
    args: [URL_ARGUMENT, "--timeout", "1e3"],
    error: 'expected "--timeout" to be seconds from 0 to 2147483, got "1e3"',
  },
  {
    args: [URL_ARGUMENT, "--timeout", "2147484"],
    error:
      'expected "--timeout" to be seconds from 0 to 2147483, got "2147484"',
  },
  {
    args: [URL_ARGUMENT, "-H", "a"],
    error: 'a header as "Name: value", got "a"',
  },
  {
    args: [URL_ARGUMENT, "-H", ": a"],
    error: 'a header as "Name: value", got ": a"',
  },
  {
    args: [URL_ARGUMENT, "-H", "é: a"],
    error: 'a header as "Name: value", got "é: a"',
  },
  {
    args: [URL_ARGUMENT, "-H", "X-A;"],
    error: 'a header as "Name: value", got "X-A;"',
  },
  {
    args: [URL_ARGUMENT, "-H", "host: a"],
    error: 'not set itself, got "host: a"',
  },
  {
    args: [URL_ARGUMENT, "-H", "Content-Length:1"],
    error: 'expected "-H" to be a header that fetch does not set itself, ' +
      'got "Content-Length:1"',
  },
  {
    args: [URL_ARGUMENT, "--last-event-id", "a\nb"],
    error: 'expected "--last-event-id" to be text without control ' +
      'characters, got "a\\nb"',
  },
  {
    args: [URL_ARGUMENT, "-X", "a b"],
    error: 'a method that fetch can send, got "a b"',
  },
  {
    args: [URL_ARGUMENT, "-X", "TRACE"],
    error: 'expected "-X" to be a method that fetch can send, got "TRACE"',
  },
  {
    args: [URL_ARGUMENT, "-X", "GET", "-d", "a"],
    error: 'expected "-X" to be a method that sends the body of -d, got "GET"',
  },
  {
    args: [URL_ARGUMENT, "--raw", "--json"],
    error: "as they come, without --json and --event",
  },
  {
    args: [URL_ARGUMENT, "--raw", "--event", "a"],
    error: "as they come, without --json and --event",
  },
  {
    args: ["serve", "--port", "65536"],
    error: 'expected "--port" to be an integer from 0 to 65535, got "65536"',
  },
  {
    args: ["serve", "--history", "x"],
    error: 'expected "--history" to be an integer from 0',
  },
  {
    args: ["serve", "--hostname", ""],
    error: 'expected "--hostname" to be a name or an address, got ""',
  },
  {
    args: ["relay", URL_ARGUMENT, "--hostname="],
    error: 'expected "--hostname" to be a name or an address, got ""',
  },
  { args: ["serve", "--replay", "-1"], error: "'--replay" },
  {
    args: ["relay", URL_ARGUMENT, "--replay=-1"],
    error: 'expected "--replay" to be an integer from 0',
  },
  {
    args: ["serve", "--input", "xml"],
    error: 'expected "--input" to be json, text or event-stream, got "xml"',
  },
  {
    args: ["serve", "--cors", "https://app.example/"],
    error: 'expected "--cors" to be * or an origin such as ' +
      'https://app.example, got "https://app.example/"',
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
  assertEquals(names.length, 21);
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

const SHORT_URLS: Record<string, string> = {
  "localhost:8000": "http://localhost:8000/",
  "LOCALHOST": "http://localhost/",
  "localhost/events?x=1": "http://localhost/events?x=1",
  "127.0.0.1:8000": "http://127.0.0.1:8000/",
  "[::1]:8000/a": "http://[::1]:8000/a",
  "a.example": "http://a.example/",
  "a:8000": "http://a:8000/",
  "a/events": "http://a/events",
  "HTTPS://a.example": "https://a.example/",
  "http://a": "http://a/",
};

for (const [short, url] of Object.entries(SHORT_URLS)) {
  Deno.test(`cli takes ${short} for a URL`, async () => {
    const { fetch } = globalThis;
    const requested: string[] = [];
    globalThis.fetch = (input) => {
      requested.push(new URL(`${input}`).href);
      return Promise.resolve(new Response(null, { status: 204 }));
    };
    try {
      assertEquals((await run([short])).status, 0);
    } finally {
      globalThis.fetch = fetch;
    }
    assertEquals(requested, [url]);
  });
}
