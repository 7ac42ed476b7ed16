// Copyright 2026 the Tidings authors. MIT license.

/** `docs/errors.md` lists what there is, and nothing else. */

import { assertEquals } from "@std/assert";

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

Deno.test("docs: the page on errors lists all reasons and codes", async () => {
  const table = cut(PAGE, "## Classes", "## Errors of engines");
  const listed = findAll(table, /`"([a-z-]+)"`/g);
  const known: string[] = [];
  for (
    const [file, name] of [
      ["_client/event_source_error.ts", "DisconnectReason"],
      ["_parser/event_stream_error.ts", "EventStreamErrorCode"],
      ["typed/_event_check_error.ts", "EventCheckErrorCode"],
    ] as const
  ) {
    const source = await Deno.readTextFile(file);
    known.push(...findAll(cut(source, `type ${name} =`, ";"), /"([a-z-]+)"/g));
  }
  assertEquals(listed, [...new Set(known)].sort());
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
