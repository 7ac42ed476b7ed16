// Copyright 2026 the Tidings authors. MIT license.

/** `docs/errors.md` lists what there is, and nothing else. */

import { assert, assertEquals } from "@std/assert";
import { isTransientStatus } from "../../_client/transient_status.ts";
import { connect, EventSource, type EventSourceInit } from "../../client.ts";
import { listFiles } from "../../scripts/_list_files.ts";
import { eventStream } from "../support/event_server.ts";
import { within } from "../support/within.ts";

const PAGE = await Deno.readTextFile("docs/errors.md");

/** The sorted matches of a pattern's group in a text, each once. */
function findAll(text: string, pattern: RegExp): string[] {
  const found = [...text.matchAll(pattern)].map((match) => match[1]!);
  return [...new Set(found)].sort();
}

/** The part of a text from one string to the next occurrence of another. */
function cut(text: string, from: string, to: string): string {
  const rest = text.slice(text.indexOf(from) + from.length);
  return rest.slice(0, rest.indexOf(to));
}

Deno.test("docs: the page on errors lists the codes of all warnings", async () => {
  const source = await Deno.readTextFile("_warning.ts");
  assertEquals(
    findAll(PAGE, /`(TIDINGS_\w+)`/g),
    findAll(source, /"(TIDINGS_\w+)"/g),
  );
});

Deno.test("docs: the page on errors lists all classes of errors", async () => {
  const api = await Deno.readTextFile("tests/package/public_api.txt");
  const table = cut(PAGE, "## Classes", "## Errors of engines");
  assertEquals(
    findAll(table, /^\| `(Event\w+Error)`/gm),
    findAll(api, /class (\w+Error)\b/g),
  );
});

/** The first cells of the rows that hold a string, of the table with a title. */
function rowsOf(title: string): string[] {
  const start = PAGE.search(new RegExp(`^\\| ${title} +\\|`, "m"));
  assert(start >= 0, title);
  const table = PAGE.slice(start).split("\n\n")[0]!;
  return findAll(table, /^\| `"([a-z-]+)"`/gm);
}

for (
  const [title, file, name] of [
    ["`reason`", "_client/event_source_error.ts", "DisconnectReason"],
    ["`code`", "_parser/event_stream_error.ts", "EventStreamErrorCode"],
    [
      "`code` +\\| [^|]+\\| `onInvalid`[^|]+",
      "typed/_event_check_error.ts",
      "EventCheckErrorCode",
    ],
    ["`CloseReason`", "_server/event_session.ts", "CloseReason"],
  ] as const
) {
  Deno.test(`docs: the page on errors has a table of ${name}`, async () => {
    const source = await Deno.readTextFile(file);
    const type = cut(source, `type ${name} =`, ";");
    assertEquals(rowsOf(title), findAll(type, /"([a-z-]+)"/g));
  });
}

/** What makes a connection end for each reason, at its first attempt. */
const REASONS: Record<string, Partial<EventSourceInit> & { url?: string }> = {
  "end": { fetch: () => answer(eventStream("data: a\n\n")) },
  "network-error": { fetch: () => Promise.reject(new TypeError("gone")) },
  "idle-timeout": {
    idleTimeout: 1,
    fetch: () => answer(eventStream(new ReadableStream())),
  },
  "unexpected-status": {
    fetch: () => answer(new Response(null, { status: 503 })),
  },
  "not-an-event-stream": {
    fetch: () => answer(eventStream('{"error":"of a proxy"}')),
  },
  "no-content": { fetch: () => answer(new Response(null, { status: 204 })) },
  "unexpected-content-type": { fetch: () => answer(new Response("a page")) },
  "event-too-large": {
    maxEventSize: 1,
    fetch: () => answer(eventStream("data: large\n\n")),
  },
  "invalid-request": { url: "nothing://example.com/" },
  "local-error": {
    headers: () => {
      throw new ReferenceError("a mistake");
    },
  },
};

function answer(response: Response): Promise<Response> {
  return Promise.resolve(response);
}

/** Keeps the process alive, whatever a listener has thrown. */
function ignoreReports(): Disposable {
  const prevent = (event: Event) => event.preventDefault();
  addEventListener("error", prevent);
  return { [Symbol.dispose]: () => removeEventListener("error", prevent) };
}

/** Whether a client of each kind connects again, and the reason that it tells. */
async function reconnects(
  kind: "connect()" | "EventSource",
  { url = "https://example.com/", ...options }: typeof REASONS[string],
): Promise<{ reason: string | undefined; isFinal: boolean }> {
  if (kind === "EventSource") {
    // A mistake in the options is reported, as that of a listener is.
    using _reports = ignoreReports();
    const source = new EventSource(url, options);
    const event = await within(
      "an error",
      new Promise<Event & { error?: unknown }>((resolve) =>
        source.onerror = resolve
      ),
    );
    const isFinal = source.readyState === EventSource.CLOSED;
    source.close();
    // What is reported comes after it.
    await new Promise((resolve) => setTimeout(resolve));
    return { reason: (event.error as { reason?: string }).reason, isFinal };
  }
  const { promise, resolve } = Promise.withResolvers<
    { reason: string | undefined; isFinal: boolean }
  >();
  const connection = connect(url, {
    ...options,
    onStateChange(state) {
      if (state.state === "open") return;
      const isFinal = state.state === "closed";
      resolve({ reason: state.error?.reason, isFinal });
    },
  });
  const reading = (async () => {
    try {
      while (!(await connection.next()).done);
    } catch {
      // `onStateChange` is told the same.
    }
  })();
  const outcome = await within("a change of the state", promise);
  connection.close();
  await reading;
  return outcome;
}

for (const [reason, options] of Object.entries(REASONS)) {
  for (const [column, kind] of ["connect()", "EventSource"].entries()) {
    Deno.test(`docs: the page on errors says whether ${kind} connects again after ${reason}`, async () => {
      const row = PAGE.split("\n").find((line) =>
        line.startsWith(`| \`"${reason}"\``) && line.split("|").length === 6
      );
      const cell = row?.split("|")[3 + column] ?? "";
      const isFinal = cell.includes("is final");
      assert(isFinal || /connects again|after 408/.test(cell), cell);
      const told = /tells `"([a-z-]+)"`/.exec(cell)?.[1] ?? reason;
      assertEquals(
        await reconnects(kind as "connect()" | "EventSource", options),
        { reason: told, isFinal },
      );
    });
  }
}

/** The rooms that answer requests, and what is no status in them. */
const ANSWERING = ["_channel", "_server", "node", "runs", "socket"];
const NO_STATUS_REGEXP = /^ *(?:\*|\/\/)|const [A-Z_]+ = |maxStatus|delete /;

Deno.test("docs: the page on errors lists each status that a server of the package answers with", async () => {
  const known = new Set<string>();
  for (const room of ANSWERING) {
    for (const file of await listFiles(room)) {
      const source = await Deno.readTextFile(`${room}/${file}`);
      for (const line of source.split("\n")) {
        if (NO_STATUS_REGEXP.test(line)) continue;
        for (
          const [status] of line.matchAll(/(?<![\w.])(?:204|[45]\d\d)(?!\w)/g)
        ) {
          known.add(status);
        }
      }
    }
  }
  const table = cut(PAGE, "## What a client is answered", "## Why a stream");
  assertEquals(findAll(table, /^\| \**(\d{3})/gm), [...known].sort());
  const retried = findAll(table, /^\| \*\*(\d{3})/gm);
  const transient = [...known].filter((status) =>
    isTransientStatus(Number(status))
  );
  assertEquals(retried, transient.sort());
});

Deno.test("docs: the page on errors names each callback of the options", async () => {
  const api = await Deno.readTextFile("tests/package/public_api.txt");
  const callbacks = findAll(api, /\b(on[A-Z]\w+)\?/g);
  const section = cut(PAGE, "## Who is told", "## Classes");
  // One tells no error, the other is no function.
  const others = ["onComment", "onLimit"];
  assertEquals(
    callbacks.filter((name) => !section.includes(`\`${name}\``)),
    others,
  );
});

Deno.test("docs: the page on errors lists the errors of Redis as they are classified", async () => {
  const source = await Deno.readTextFile("logs/_redis/error_kinds.ts");
  const table = cut(PAGE, "| Redis ", "| Deno KV ");
  for (const kind of ["transient", "final", "unknown"]) {
    const row = cut(table, `| ${kind}`, "\n");
    assertEquals(
      findAll(row, /`([A-Z]+)`/g),
      findAll(source, new RegExp(`\\["(\\w+)", "${kind}"\\]`, "g")),
    );
  }
});

Deno.test("docs: the page on errors lists every part that has an onError", async () => {
  const api = await Deno.readTextFile("tests/package/public_api.txt");
  const owners = findAll(api, /interface (\w+)Options\b[^\n]*\bonError\b/g);
  const table = cut(PAGE, "## Who is told", "## Classes").toLowerCase();
  const missing = owners.filter((owner) =>
    !table.includes(owner.toLowerCase())
  );
  assertEquals(missing, []);
  assertEquals(owners.length >= 4, true);
});
