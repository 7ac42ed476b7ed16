// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals } from "@std/assert";

/**
 * What each room may import. A private file belongs to the rooms that import it
 * and is bound like them; it is listed with what it may import itself.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  "event.ts": [],
  "parser.ts": [
    "event.ts",
    "_byte_source.ts",
    "_event_iterator.ts",
    "_event_stream_error.ts",
    "_interpreter.ts",
    "_text_windows.ts",
  ],
  "_byte_source.ts": ["event.ts", "_event_stream_error.ts"],
  "_event_iterator.ts": ["event.ts", "_byte_source.ts"],
  "_event_stream_error.ts": [],
  "_interpreter.ts": ["event.ts", "_event_stream_error.ts"],
  "_text_windows.ts": [],
  "encoder.ts": ["event.ts"],
};

const IMPORT_REGEXP =
  /(?:^|\s)(?:import|export)\s[^"';]*?from\s*"([^"]+)"|import\s*\(\s*"([^"]+)"|^import\s+"([^"]+)"/gm;
const COMMENT_REGEXP = /\/\*[^]*?\*\/|^\s*\/\/.*$/gm;

const root = new URL("../", import.meta.url);

async function importsOf(file: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(file, root));
  return [...text.replaceAll(COMMENT_REGEXP, "").matchAll(IMPORT_REGEXP)]
    .map((match) => match[1] ?? match[2] ?? match[3]!);
}

async function sourceFiles(): Promise<string[]> {
  const files: string[] = [];
  for (const folder of ["", "logs/"]) {
    try {
      for await (const entry of Deno.readDir(new URL(folder, root))) {
        if (entry.isFile && entry.name.endsWith(".ts")) {
          files.push(folder + entry.name);
        }
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return files.sort();
}

function resolve(file: string, specifier: string): string {
  return new URL(specifier, new URL(file, root)).href.slice(root.href.length);
}

Deno.test("architecture: the table names every source file", async () => {
  assertEquals(
    await sourceFiles(),
    [...Object.keys(MAY_IMPORT), "mod.ts"].sort(),
  );
});

for (const [file, allowed] of Object.entries(MAY_IMPORT)) {
  Deno.test(`architecture: ${file} imports only what the table allows`, async () => {
    const refused = (await importsOf(file))
      .filter((specifier) =>
        !specifier.startsWith(".") ||
        !allowed.includes(resolve(file, specifier))
      );
    assertEquals(refused, []);
  });
}

Deno.test("architecture: mod.ts reaches no npm:, node: or jsr: module", async () => {
  const reached = new Set(["mod.ts"]);
  const foreign: string[] = [];
  for (const file of reached) {
    for (const specifier of await importsOf(file)) {
      if (specifier.startsWith(".")) reached.add(resolve(file, specifier));
      else foreign.push(`${file}: ${specifier}`);
    }
  }
  assertEquals(foreign, []);
  assertEquals(reached.has("_interpreter.ts"), true);
});

Deno.test("architecture: mod.ts re-exports by name, and nothing else", async () => {
  const text = await Deno.readTextFile(new URL("mod.ts", root));
  const code = text.replaceAll(COMMENT_REGEXP, "");
  const rest = code.replaceAll(/export (?:type )?\{[^}]*\} from "[^"]+";/g, "");
  assertEquals(rest.trim(), "");
});

Deno.test("architecture: deno.json exports every public file", async () => {
  const config = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  const files = Object.values(config.exports).map((path) =>
    String(path).slice(2)
  );
  const publicFiles = (await sourceFiles()).filter((file) =>
    !file.startsWith("_")
  );
  assertEquals(files.sort(), publicFiles.sort());
});
