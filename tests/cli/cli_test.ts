// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { CliProcess, runCli } from "./_process.ts";
import { eventStream, OpenStream, serve } from "../support/event_server.ts";
import { within } from "../support/within.ts";

const EVENTS =
  "data: a\ndata: b\n\nevent: tick\ndata: 42\nid: 7\n\ndata: c\n\n";

Deno.test("cli prints each event for people", async () => {
  await using server = serve(() => eventStream(EVENTS));
  const result = await runCli([server.url, "--no-reconnect"]);
  assertEquals(result.stdout, "message\na\nb\n\ntick #7\n42\n\nmessage\nc\n\n");
  assertEquals(result.status, 0);
});

Deno.test("cli --json prints each event as a line of JSON", async () => {
  await using server = serve(() => eventStream(EVENTS));
  const { stdout } = await runCli([server.url, "--no-reconnect", "--json"]);
  assertEquals(stdout.trimEnd().split("\n").map((line) => JSON.parse(line)), [
    { event: "message", data: "a\nb", lastEventId: "" },
    { event: "tick", data: "42", id: "7", lastEventId: "7" },
    { event: "message", data: "c", lastEventId: "7" },
  ]);
});

Deno.test("cli --raw prints the bytes as they come", async () => {
  const bytes = ": hi\r\nretry: 5\r\ndata: a\r\r\ndata: unfinished\x1b[31m";
  await using server = serve(() => eventStream(bytes));
  const { stdout } = await runCli([server.url, "--no-reconnect", "--raw"]);
  assertEquals(stdout, bytes);
});

Deno.test("cli --raw prints bytes at once, even a comment", async () => {
  const stream = new OpenStream(": hi\n");
  await using server = serve(() => stream.response);
  await using cli = new CliProcess([server.url, "--raw"]);
  await cli.stdout.match(/^: hi\n$/);
  cli.kill("SIGINT");
  await within("the client leaves", stream.cancelled);
});

Deno.test("cli fails on a refusal, and says on standard error what came", async () => {
  await using server = serve(() =>
    new Response("Who are\nyou?", { status: 401 })
  );
  for (const format of [[], ["--raw"]]) {
    const result = await runCli([server.url, ...format]);
    assertEquals(result.status, 1);
    assertEquals(result.stdout, "");
    assertMatch(
      result.stderr,
      /^error: .*"status" to be 200, got 401: Who are you\?\n$/,
    );
  }
  assertEquals(server.requests.length, 2);
});

for (
  const { name, status = 200, contentType, flag } of [
    { name: "no Content-Type", flag: "--ignore-content-type" },
    {
      name: "text/plain",
      contentType: "text/plain",
      flag: "--ignore-content-type",
    },
    {
      name: "JSON that it is not",
      contentType: "application/json",
      flag: "--ignore-content-type",
    },
    {
      name: "status 201",
      status: 201,
      contentType: "text/event-stream",
      flag: "--ignore-status",
    },
    {
      name: "status 206",
      status: 206,
      contentType: "text/event-stream",
      flag: "--ignore-status",
    },
  ]
) {
  Deno.test(`cli ${flag} takes a response of ${name}, which is refused without it`, async () => {
    const headers = contentType ? { "content-type": contentType } : {};
    await using server = serve(() =>
      new Response(new TextEncoder().encode("data: a\n\n"), { status, headers })
    );
    const refused = await runCli([server.url]);
    assertEquals(refused.status, 1);
    assertStringIncludes(refused.stderr, `; ${flag} accepts it: data: a\n`);
    for (const format of [[], ["--json"], ["--raw"]]) {
      const args = [server.url, flag, "--no-reconnect", ...format];
      const { status, stdout, stderr } = await runCli(args);
      assertEquals(status, 0, stderr);
      assertMatch(stdout, /\ba\b/);
    }
  });
}

Deno.test("cli --ignore-status takes no status without a body, and no error", async () => {
  for (const status of [205, 302, 404]) {
    await using server = serve(() =>
      new Response(status === 205 ? null : "data: a\n\n", {
        status,
        headers: { "content-type": "text/event-stream" },
      })
    );
    const result = await runCli([server.url, "--ignore-status"]);
    assertEquals(result.status, 1, `${status}`);
    assertStringIncludes(result.stderr, `got ${status}`);
  }
});

Deno.test("cli ends with status 0 when the server says that there is no more", async () => {
  await using server = serve(() => new Response(null, { status: 204 }));
  const { status, stderr } = await runCli([server.url]);
  assertEquals(status, 0);
  assertEquals(stderr, "ended by the server, with status 204\n");
});

Deno.test("cli --count ends after so many events, while the stream is open", async () => {
  const stream = new OpenStream(EVENTS);
  await using server = serve(() => stream.response);
  const result = await runCli([server.url, "--count", "2"]);
  assertEquals(result.status, 0);
  assertEquals(result.stdout, "message\na\nb\n\ntick #7\n42\n\n");
  await within("the client leaves", stream.cancelled);
});

Deno.test("cli --event leaves out other types, and --count does not count them", async () => {
  const stream = new OpenStream(EVENTS, "event: b\ndata: 1\n\n", EVENTS);
  await using server = serve(() => stream.response);
  const args = ["--event", "tick", "--event", "b", "--count", "3"];
  const result = await runCli([server.url, ...args]);
  assertEquals(result.stdout, "tick #7\n42\n\nb\n1\n\ntick #7\n42\n\n");
});

Deno.test("cli --timeout ends with status 3, whatever has come", async () => {
  const stream = new OpenStream("data: a\n\n");
  await using server = serve(() => stream.response);
  const { status, stderr } = await runCli([server.url, "--timeout", "0.5"]);
  assertEquals(status, 3);
  assertMatch(stderr, /\nended: 0\.5 s have passed\n$/);
  await within("the client leaves", stream.cancelled);
});

Deno.test("cli says when the server has ended the stream", async () => {
  await using server = serve(() => eventStream(EVENTS));
  const { stderr } = await runCli([server.url, "--no-reconnect"]);
  assertMatch(stderr, /^connected to \S+\nended by the server\n$/);
});

Deno.test("cli does not show the password of a URL", async () => {
  await using server = serve(() => eventStream("data: a\n\n"));
  const url = server.url.replace("//", "//ada:hunter2@");
  const { stderr } = await runCli([url, "--no-reconnect"]);
  assertEquals(
    stderr,
    `connected to ${server.url}\nended by the server\n`,
  );
});

Deno.test("cli says once what went wrong", async () => {
  await using server = serve(() => eventStream("x".repeat(17_000_000)));
  const { status, stderr } = await runCli([server.url]);
  assertEquals(status, 1);
  assertEquals(stderr.match(/16777216/g)?.length, 1, stderr);
});

Deno.test("cli --timeout also ends the wait for a server", async () => {
  const { url } = await closedServer();
  const { status, stderr } = await runCli([url, "--timeout", "0.5"]);
  assertEquals(status, 3);
  assertMatch(
    stderr,
    /^reconnecting in \d+\.\d s, attempt 1: .*\nended: 0\.5 s have passed\n$/,
  );
});

Deno.test("cli -H, -X, -d and --last-event-id make the request", async () => {
  const bodies: string[] = [];
  await using server = serve(async (request) => {
    bodies.push(await request.text());
    return eventStream("data: a\n\n");
  });
  const args = [server.url, "--no-reconnect"];
  await runCli([
    ...args,
    ...["-H", "Authorization: Bearer a:b", "-H", "Content-Type: text/plain"],
    ...["-X", "PUT", "-d", "x=1", "--last-event-id", "café"],
  ]);
  await runCli([...args, "-d", "{}"]);

  const [first, second] = server.requests;
  assertEquals(first?.method, "PUT");
  assertEquals(first?.headers.get("authorization"), "Bearer a:b");
  assertEquals(first?.headers.get("content-type"), "text/plain");
  // The bytes of UTF-8, one character for each.
  assertEquals(first?.headers.get("last-event-id"), "cafÃ©");
  assertEquals(second?.method, "POST");
  assertEquals(second?.headers.get("content-type"), "application/json");
  assertEquals(bodies, ["x=1", "{}"]);
});

Deno.test("cli -d sends standard input, or a file", async () => {
  const bodies: string[] = [];
  await using server = serve(async (request) => {
    bodies.push(await request.text());
    return eventStream("data: a\n\n");
  });
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, "from a file\n");
  const args = [server.url, "--no-reconnect", "-d"];
  await runCli([...args, "-"], { stdin: "from standard\ninput" });
  await runCli([...args, `@${file}`], { flags: ["-N", "-R"] });
  const refused = await runCli([...args, `@${file}`]);
  await Deno.remove(file);

  assertEquals(bodies, ["from standard\ninput", "from a file\n"]);
  assertEquals(refused.status, 1);
  assertStringIncludes(refused.stderr, "--allow-read");
});

for (
  const [args, request, first] of [
    [[], "GET ", null],
    [["-H", "last-event-id: 7"], "GET ", "7"],
    [["-X", "QUERY"], "QUERY ", null],
    [["-X", "QUERY", "-d", "{}"], "QUERY {}", null],
  ] as const
) {
  const name = ["cli", ...args].join(" ");
  Deno.test(`${name} reconnects, and resumes after the last event ID`, async () => {
    const requests: string[] = [];
    await using server = serve(async (request, index) => {
      requests.push(`${request.method} ${await request.text()}`);
      return index < 2
        ? eventStream(`retry: 1\nid: ${index}\ndata: ${index}\n\n`)
        : new Response(null, { status: 204 });
    });
    const { status, stdout, stderr } = await runCli([server.url, ...args]);
    assertEquals(stdout, "message #0\n0\n\nmessage #1\n1\n\n");
    assertEquals(status, 0);
    assertEquals(requests, [request, request, request]);
    assertEquals(
      server.requests.map(({ headers }) => headers.get("last-event-id")),
      [first, "0", "1"],
    );
    assertMatch(
      stderr,
      /^connected to \S+\nreconnecting in 0\.0 s, attempt 1: the server ended the stream\nconnected/,
    );
  });
}

Deno.test("cli --no-reconnect ends with status 1 where no server answers", async () => {
  const { url } = await closedServer();
  const { status, stderr } = await runCli([url, "--no-reconnect"]);
  assertEquals(status, 1);
  assertMatch(stderr, /^error: Cannot reach event stream.*\n$/);
});

Deno.test("cli fails at once without the permission to use the network", async () => {
  const { status, stderr } = await runCli(["http://127.0.0.1:8000/"], {
    flags: [],
  });
  assertEquals(status, 1);
  assertStringIncludes(stderr, "--allow-net");
});

Deno.test("cli shows control characters, so that no stream commands a terminal", async () => {
  const hostile = "event: \x1b[2J\nid: \x07\ndata: a\tb\x1b]0;c\x9b\n\n";
  await using server = serve(() => eventStream(hostile));
  const pretty = await runCli([server.url, "--no-reconnect"]);
  assertEquals(
    pretty.stdout,
    "\\u001b[2J #\\u0007\na\tb\\u001b]0;c\\u009b\n\n",
  );
  const { stdout } = await runCli([server.url, "--no-reconnect", "--json"]);
  // deno-lint-ignore no-control-regex -- they are what must not be there.
  assertEquals(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(stdout), false);
  assertEquals(JSON.parse(stdout).data, "a\tb\x1b]0;c\x9b");
});

Deno.test("cli ends with status 2 if the arguments are wrong", async () => {
  const { status, stdout, stderr } = await runCli(["--nope"]);
  assertEquals(status, 2);
  assertEquals(stdout, "");
  assertMatch(stderr, /^error: .*--nope.*\nTry --help\n$/);
});

/** The address of a server that is there no more. */
async function closedServer(): Promise<{ url: string }> {
  await using server = serve(() => eventStream(""));
  return { url: server.url };
}
