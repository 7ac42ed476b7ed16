// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { readEvents } from "../../parser.ts";
import { CliProcess, runCli } from "./_process.ts";
import { eventStream, OpenStream, serve } from "../support/event_server.ts";
import { ID_ROWS } from "../support/ids.ts";
import { hasSignals, signalNote } from "../support/send_signal.ts";
import { within } from "../support/within.ts";

const ANY_PORT = ["--port", "0"];

/** The `data` and the IDs of the first events that a client gets. */
async function read(
  url: string,
  count: number,
  headers: HeadersInit = {},
): Promise<{ data: string; id: string }[]> {
  const events = readEvents(await fetch(url, { headers }));
  const read: { data: string; id: string }[] = [];
  while (read.length < count) {
    const { value } = await within("an event", events.next());
    if (value === undefined) break;
    read.push({ data: value.data, id: value.lastEventId });
  }
  await events.return?.();
  return read;
}

function dataOf(events: readonly { data: string }[]): string[] {
  return events.map(({ data }) => data);
}

Deno.test("cli serve publishes each line of standard input to every client", async () => {
  await using cli = new CliProcess(["serve", ...ANY_PORT]);
  const url = await cli.url();
  const responses = [await fetch(url), await fetch(`${url}anywhere?x=1`)];
  await cli.write('{"event":"tick","data":"1\\n2","id":7}\n{"data":');
  await cli.write('"\u2028é"}\r\n\n');
  for (const response of responses) {
    const events = readEvents(response);
    assertEquals((await within("an event", events.next())).value, {
      event: "tick",
      data: "1\n2",
      id: "7",
      lastEventId: "7",
    });
    assertEquals(
      (await within("an event", events.next())).value?.data,
      "\u2028é",
    );
    await events.return?.();
  }
});

Deno.test("cli serve gives a client that comes late what was piped in, as the README has it", async () => {
  await using cli = new CliProcess(["serve", ...ANY_PORT]);
  const url = await cli.url();
  await cli.write('{"event":"tick","data":"42"}\n');
  await cli.end();
  await cli.stderr.match(/the input ended/);
  const { stdout } = await runCli([url, "--count", "1"]);
  assertMatch(stdout, /^tick #\S+\n42\n\n$/);
});

Deno.test("cli serve publishes what cli --json prints", async () => {
  await using server = serve(() => eventStream("event: a\nid: 1\ndata: x\n\n"));
  const { stdout } = await runCli([server.url, "--no-reconnect", "--json"]);
  await using cli = new CliProcess(["serve", "--replay", "all", ...ANY_PORT]);
  const url = await cli.url();
  await cli.write(stdout);
  await cli.end();
  await cli.stderr.match(/the input ended/);
  assertEquals(await read(url, 1), [{ data: "x", id: "1" }]);
});

Deno.test("cli serve takes json in place of data", async () => {
  await using cli = new CliProcess(["serve", ...ANY_PORT]);
  const url = await cli.url();
  await cli.write(
    '{"event":"tick","json":{"price":1}}\n{"json":1,"data":""}\n',
  );
  await cli.end();
  await cli.stderr.match(
    /left out: .*"json" to be left out beside "data"[^]*the input ended/,
  );
  assertEquals(dataOf(await read(url, 1)), ['{"price":1}']);
});

Deno.test("cli serve reports what is no event, and goes on", async () => {
  const lines = [
    "nope",
    "[1]",
    "null",
    '{"Data":"a"}',
    '{"data":1}',
    '{"data":"a","id":"x"}',
    '{"data":"b","id":"x"}',
    '{"data":"z","id":0}',
  ];
  await using cli = new CliProcess(["serve", "--replay", "all", ...ANY_PORT]);
  const url = await cli.url();
  await cli.write(lines.join("\n"));
  await cli.end();
  await cli.stderr.match(/the input ended/);
  assertEquals(await read(url, 2), [
    { data: "a", id: "x" },
    { data: "z", id: "0" },
  ]);
  const reports = cli.stderr.text.split("\n").filter((line) =>
    line.startsWith("an event is left out: ")
  );
  assertEquals(reports.length, 6, cli.stderr.text);
  assertMatch(reports[0] ?? "", /expected the line to be JSON, got "nope"$/);
  assertMatch(
    reports[1] ?? "",
    /expected the line to be an object, got "\[1\]"$/,
  );
  assertMatch(
    reports[3] ?? "",
    /expected only event, data, json, .* in the line, got "Data"$/,
  );
  assertMatch(reports[4] ?? "", /expected "data" to be a string, got 1/);
  assertMatch(
    reports[5] ?? "",
    /expected "id" to be an ID that is not in use, got "x"/,
  );
});

Deno.test("cli serve --input text publishes each line as the data of an event", async () => {
  const args = ["serve", "--input", "text", "--event", "line", ...ANY_PORT];
  await using cli = new CliProcess(args);
  const url = await cli.url();
  await cli.write('a\r\n\n  {"data": 1} \n\r\nid: 1\u2028\u0000é\n');
  await cli.write("fi");
  await cli.write("ve\rsix\nthe ");
  await cli.write("end");
  const before = await read(url, 4);
  await cli.end();
  await cli.stderr.match(/the input ended/);
  const events = readEvents(await fetch(url));
  const seen: [string, string][] = [];
  for (let i = 0; i < 5; i++) {
    const { value } = await within("an event", events.next());
    seen.push([value?.event ?? "", value?.data ?? ""]);
  }
  await events.return?.();
  const data = [
    "a",
    '  {"data": 1} ',
    "id: 1\u2028\u0000é",
    "five\nsix",
    "the end",
  ];
  assertEquals(seen, data.map((text) => ["line", text]));
  assertEquals(dataOf(before), data.slice(0, 4));
});

for (const input of ["text", "json"]) {
  Deno.test(`cli serve --input ${input} leaves out a line that is too long, and goes on`, async () => {
    const line = (text: string) =>
      input === "text" ? text : JSON.stringify({ data: text });
    const overhead = line("").length;
    await using cli = new CliProcess(["serve", "--input", input, ...ANY_PORT]);
    const url = await cli.url();
    const limit = 16_000_000;
    const piece = "a".repeat(limit / 16);
    const events = readEvents(await fetch(url));
    const next = async () => {
      return (await within("an event", events.next())).value?.data;
    };
    await cli.write(`${line("first")}\n`);
    for (let i = 0; i < 17; i++) await cli.write(piece);
    await cli.write(`b\n${line("second")}\n`);
    assertEquals([await next(), await next()], ["first", "second"]);
    // As long as it may be.
    await cli.write(`${line("c".repeat(limit - overhead))}\n`);
    assertEquals((await next())?.length, limit - overhead);
    await cli.write(line("d".repeat(limit - overhead + 1)));
    await cli.end();
    await cli.stderr.match(/the input ended/);
    await events.return?.();
    const reports = cli.stderr.text.match(
      /^an event is left out: .*at most 16000000 characters$/gm,
    );
    assertEquals(reports?.length, 2);
  });
}

Deno.test("cli serve --input event-stream publishes the events of one", async () => {
  const args = ["serve", "--input", "event-stream", "--replay", "all"];
  await using cli = new CliProcess([...args, ...ANY_PORT]);
  const url = await cli.url();
  await cli.write(": hi\n\nid: 1\ndata: a\n\nid\ndata: b\n\ndata: unfinished");
  await cli.end();
  await cli.stderr.match(/the input ended/);
  const [first, second] = await read(url, 2);
  assertEquals(first, { data: "a", id: "1" });
  assertEquals(second?.data, "b");
  // An empty ID cannot be resumed from, so there is another in its place.
  assertMatch(second?.id ?? "", /./);
});

Deno.test("cli serve keeps --history, and gives --replay of it to new clients", async () => {
  const args = ["serve", "--history", "2", "--replay", "1", ...ANY_PORT];
  await using cli = new CliProcess(args);
  const url = await cli.url();
  for (const id of [1, 2, 3, 4]) {
    await cli.write(`{"id":${id},"data":"${id}"}\n`);
  }
  await cli.end();
  await cli.stderr.match(/the input ended/);

  assertEquals(dataOf(await read(url, 1)), ["4"]);
  const resumed = await read(url, 1, { "last-event-id": "3" });
  assertEquals(dataOf(resumed), ["4"]);
  const tooLate = await read(url, 3, { "last-event-id": "1" });
  assertEquals(dataOf(tooLate), ['{"lastEventId":"1"}', "3", "4"]);
});

Deno.test("cli serve --cors lets pages of these origins read", async () => {
  const origins = ["--cors", "https://a.example", "--cors", "http://b.example"];
  await using cli = new CliProcess(["serve", ...origins, ...ANY_PORT]);
  const url = await cli.url();
  for (
    const [origin, allowed] of [
      ["http://b.example", "http://b.example"],
      ["https://c.example", null],
    ] as const
  ) {
    const { headers, body } = await fetch(url, { headers: { origin } });
    assertEquals(headers.get("access-control-allow-origin"), allowed);
    await body?.cancel();
  }
});

Deno.test(`cli serve ends on SIGINT, and ends what it serves${signalNote}`, {
  ignore: !hasSignals,
}, async () => {
  await using cli = new CliProcess(["serve", ...ANY_PORT]);
  const events = readEvents(await fetch(await cli.url()));
  await cli.write('{"data":"a"}\n');
  assertEquals((await within("an event", events.next())).value?.data, "a");
  cli.kill("SIGINT");
  assertEquals((await within("the end", events.next())).done, true);
  assertEquals((await cli.result()).status, 0);
});

Deno.test(
  `cli serve ends on SIGINT in spite of a client that does not read${signalNote}`,
  {
    ignore: !hasSignals,
  },
  async () => {
    await using cli = new CliProcess(["serve", ...ANY_PORT]);
    const { body } = await fetch(await cli.url());
    const line = JSON.stringify({ data: "x".repeat(1_000_000) });
    for (let count = 0; count < 16; count++) await cli.write(`${line}\n`);
    await cli.write("last\n");
    await cli.stderr.match(/"last"/);
    cli.kill("SIGINT");
    assertEquals((await cli.result()).status, 0);
    await body?.cancel().catch(() => {});
  },
);

for (const command of [["serve"], ["relay", "http://127.0.0.1:8000/"]]) {
  Deno.test(`cli ${command[0]} says that a port is in use`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = `${listener.addr.port}`;
    const { status, stderr } = await runCli([...command, "--port", port]);
    assertEquals(status, 1);
    assertEquals(
      stderr,
      `error: Cannot serve events: port ${port} of 127.0.0.1 is in use, --port chooses another\n`,
    );
  });
}

Deno.test("cli serve says where it cannot listen", async () => {
  // An address that is kept for documentation, so no machine has it.
  const address = ["--hostname", "192.0.2.1", "--port", "8000"];
  const { status, stderr } = await runCli(["serve", ...address]);
  assertEquals(status, 1);
  assertMatch(
    stderr,
    /^error: Cannot serve events at port 8000 of 192\.0\.2\.1: .+\n$/,
  );
});

Deno.test(
  `cli relay reads once, and serves many, with IDs of its own${signalNote}`,
  {
    ignore: !hasSignals,
  },
  async () => {
    const upstream = new OpenStream();
    await using server = serve(() => upstream.response);
    await using cli = new CliProcess(["relay", server.url, ...ANY_PORT]);
    const url = await cli.url();
    await cli.stderr.match(/connected to/);
    const responses = [await fetch(url), await fetch(url)];
    upstream.send("event: tick\nid: 41\ndata: a\n\ndata: b\n\n");
    const ids: (string | undefined)[] = [];
    for (const response of responses) {
      const events = readEvents(response);
      const { value } = await within("an event", events.next());
      assertEquals([value?.event, value?.data], ["tick", "a"]);
      ids.push(value?.id);
      assertEquals((await within("an event", events.next())).value?.data, "b");
      await events.return?.();
    }
    assert(ids[0] !== undefined && ids[0] !== "41");
    assertEquals(ids[0], ids[1]);
    // A client resumes by them.
    const headers = { "last-event-id": ids[0] };
    assertEquals(dataOf(await read(url, 1, headers)), ["b"]);
    assertEquals(server.requests.length, 1);
    cli.kill("SIGINT");
    assertEquals((await cli.result()).status, 0);
    await within("the relay leaves", upstream.cancelled);
  },
);

Deno.test("cli relay resumes, and leaves out what it has already", async () => {
  await using server = serve((_, index) =>
    index === 0
      ? eventStream("retry: 1\nid: 1\ndata: a\n\nid: 2\ndata: b\n\n")
      : index === 1
      ? eventStream(
        "id: 2\ndata: b\n\nevent: x\ndata: no\n\nid: 3\ndata: c\n\n",
      )
      : new Response(null, { status: 204 })
  );
  const args = ["--event", "message", "--replay", "all", "-H", "x-key: 1"];
  await using cli = new CliProcess(["relay", server.url, ...args, ...ANY_PORT]);
  const url = await cli.url();
  await cli.stderr.match(/the stream ended, its history is still served/);
  assertEquals(dataOf(await read(url, 3)), ["a", "b", "c"]);
  assertEquals(server.requests[1]?.headers.get("last-event-id"), "2");
  assertEquals(server.requests[1]?.headers.get("x-key"), "1");
  assert(cli.stderr.text.includes('the stream repeats the ID "2"'));
});

/** What an upstream sends after a restart, with the IDs that it had before. */
const RESTARTS: Record<string, { streams: string[]; data: string[] }> = {
  "other events": {
    streams: [
      "retry: 1\nid: 1\ndata: a\n\nid: 2\ndata: b\n\n",
      "id: 1\ndata: c\n\nid: 2\ndata: d\n\nid: 3\ndata: e\n\n",
    ],
    data: ["a", "b", "c", "d", "e"],
  },
  "the same events": {
    streams: [
      "retry: 1\nid: 1\ndata: a\n\nid: 2\ndata: b\n\n",
      "id: 1\ndata: a\n\nid: 2\ndata: b\n\n",
    ],
    data: ["a", "b", "a", "b"],
  },
  "another event with the last ID": {
    streams: [
      "retry: 1\nid: 1\ndata: a\n\n",
      "id: 1\ndata: b\n\n",
      "id: 1\nevent: x\ndata: b\n\n",
    ],
    data: ["a", "b", "b"],
  },
  "one ID for all events": {
    streams: ["retry: 1\nid: 1\ndata: a\n\nid: 1\ndata: a\n\n"],
    data: ["a", "a"],
  },
  "no IDs": {
    streams: ["retry: 1\ndata: a\n\n", "data: a\n\n"],
    data: ["a", "a"],
  },
};

for (const [name, { streams, data }] of Object.entries(RESTARTS)) {
  Deno.test(`cli relay passes on what a restarted upstream sends: ${name}`, async () => {
    await using server = serve((_, index) =>
      streams[index] === undefined
        ? new Response(null, { status: 204 })
        : eventStream(streams[index])
    );
    const args = ["relay", server.url, "--replay", "all", ...ANY_PORT];
    await using cli = new CliProcess(args);
    const url = await cli.url();
    await cli.stderr.match(/the stream ended, its history is still served/);
    const events = await read(url, data.length);
    assertEquals(dataOf(events), data);
    assertEquals(new Set(events.map(({ id }) => id)).size, data.length);
    assert(!cli.stderr.text.includes("left out"));
  });
}

Deno.test("cli relay outlives every ID of its upstream, and keeps the events", async () => {
  const rows = ID_ROWS.filter(({ id, isWritable }) =>
    isWritable && id.isWellFormed()
  );
  const wire = rows.map(({ id, name }) => `id: ${id}\ndata: ${name}\n\n`);
  await using server = serve((_, index) =>
    index === 0
      ? eventStream("retry: 1\n" + wire.join(""))
      : index === 1
      ? eventStream("retry: 1\nid: a\x01\ndata: before\n\nid: b\x7f\n\n")
      : index === 2
      ? eventStream("retry: 1\nid: c\ndata: after\n\n")
      : new Response(null, { status: 204 })
  );
  const args = ["relay", server.url, "--replay", "all", ...ANY_PORT];
  await using cli = new CliProcess(args);
  const url = await cli.url();
  await cli.stderr.match(/the stream ended, its history is still served/);
  const events = await read(url, rows.length + 2);
  assertEquals(dataOf(events), [
    ...rows.map(({ name }) => name),
    "before",
    "after",
  ]);
  assert(!cli.stderr.text.includes("left out"));
  // Without the ID that no header can carry.
  assertMatch(cli.stderr.text, /connecting again without the last event ID/);
  assertEquals(server.requests[2]?.headers.get("last-event-id"), null);
  assertEquals(server.requests[3]?.headers.get("last-event-id"), "c");
});

Deno.test("cli serve takes no ID that cannot come back from a line, and leaves it out of a stream", async () => {
  {
    await using cli = new CliProcess(["serve", "--replay", "all", ...ANY_PORT]);
    const url = await cli.url();
    await cli.write('{"data":"a","id":"\\u0001"}\n{"data":"b","id":"1"}');
    await cli.end();
    await cli.stderr.match(
      /an event is left out: .*"id" to be[^]*the input ended/,
    );
    assertEquals(await read(url, 1), [{ data: "b", id: "1" }]);
  }
  const args = ["serve", "--input", "event-stream", "--replay", "all"];
  await using cli = new CliProcess([...args, ...ANY_PORT]);
  const url = await cli.url();
  await cli.write("id: \x01\ndata: a\n\n");
  await cli.end();
  await cli.stderr.match(/the ID of an event is left out[^]*the input ended/);
  assertEquals(dataOf(await read(url, 1)), ["a"]);
});

Deno.test("cli relay fails with its upstream", async () => {
  await using server = serve(() => new Response("No", { status: 403 }));
  const { status, stderr } = await runCli(["relay", server.url, ...ANY_PORT]);
  assertEquals(status, 1);
  assertMatch(stderr, /\nerror: .*"status" to be 200, got 403: No\n$/);
});
