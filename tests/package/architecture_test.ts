// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals } from "@std/assert";

/**
 * Which room may import which, and what from outside the package. A room is a public
 * file with its private folder, such as `parser.ts` with `_parser/`, or a folder such as
 * `runs/`; within a room everything may be imported. `_validate.ts`, `_options.ts`,
 * `_warning.ts`, `_abort.ts`, `_own_text.ts`, `_clock.ts`, `_idle_timer.ts`,
 * `_is_deno.ts`, `_is_workerd.ts` and `_platform_class.ts` are for all rooms.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  "abort": [],
  "clock": [],
  "event": [],
  "idle_timer": [],
  "is_deno": [],
  "is_workerd": [],
  "options": [],
  "own_text": [],
  "platform_class": [],
  "validate": [],
  "warning": [],
  "parser": ["event"],
  "encoder": ["event"],
  "log": ["event"],
  "client": ["event", "parser"],
  "server": ["event", "encoder"],
  "channel": ["event", "encoder", "log", "server"],
  "runs": ["event", "encoder", "parser", "log", "server", "channel"],
  "logs": ["event", "log"],
  "typed": ["event", "parser", "client"],
  "shared": ["event", "client"],
  "page": ["event", "client"],
  "compression": ["event", "server", "channel", "node:"],
  "socket": ["event", "parser", "encoder", "client", "server", "channel"],
  "testing": ["event", "log"],
  "node": ["server", "node:"],
  "cli": [
    "event",
    "parser",
    "encoder",
    "client",
    "server",
    "channel",
    "log",
    "node:",
  ],
};

/** Within `logs/`: an engine may import what all engines need, and no other engine. */
const ENGINES = ["_deno_kv", "_postgres", "_redis", "_sqlite"];

/** The folders at the top level whose files are part of the package. */
const PARTS =
  /^(?:_\w+|cli|compression|logs|node|page|runs|shared|socket|testing|typed)$/;

/** The rooms that every room may import. */
const FOR_ALL = [
  "abort",
  "clock",
  "idle_timer",
  "is_deno",
  "is_workerd",
  "options",
  "own_text",
  "platform_class",
  "validate",
  "warning",
];

const IMPORT_REGEXP =
  /(?:^|\s)(?:import|export)\s[^"';]*?from\s*"([^"]+)"|import\s*\(\s*"([^"]+)"|^import\s+"([^"]+)"/gm;
const COMMENT_REGEXP = /\/\*[^]*?\*\/|^\s*\/\/.*$/gm;

const root = new URL("../../", import.meta.url);
const files = await sourceFiles();

/** All source files by their path from the root. */
async function sourceFiles(folder = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isFile } of Deno.readDir(new URL(folder, root))) {
    if (isFile && name.endsWith(".ts")) found.push(folder + name);
    else if (folder !== "" || PARTS.test(name)) {
      if (!isFile) found.push(...await sourceFiles(`${folder}${name}/`));
    }
  }
  return found.sort();
}

function roomOf(file: string): string {
  // Cannot fail: a path has a first part.
  return file.replace(/^_/, "").split(/[/.]/)[0]!;
}

async function importsOf(file: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(file, root));
  return [...text.replaceAll(COMMENT_REGEXP, "").matchAll(IMPORT_REGEXP)]
    .map((match) => match[1] ?? match[2] ?? match[3]!);
}

function resolve(file: string, specifier: string): string {
  return new URL(specifier, new URL(file, root)).href.slice(root.href.length);
}

function isAllowed(file: string, specifier: string): boolean {
  const room = roomOf(file);
  const allowed = MAY_IMPORT[room] ?? [];
  if (!specifier.startsWith(".")) {
    return allowed.some((scheme) =>
      scheme.endsWith(":") && specifier.startsWith(scheme)
    );
  }
  const path = resolve(file, specifier);
  const target = roomOf(path);
  if (FOR_ALL.includes(target)) return true;
  if (target === "logs" && room === "logs") return isOneEngine(file, path);
  return target === room || allowed.includes(target);
}

/** Whether a file of `logs/` imports its own engine or what all engines share. */
function isOneEngine(file: string, target: string): boolean {
  const folders = [file, target].map((path) => path.split("/")[1]);
  const [from, to] = folders;
  const isShared = from === "_engine" || to === "_engine";
  // Such as `logs/redis_streams.ts`, which is for the folder `logs/_redis/` alone.
  const engine = ENGINES.find((name) => from?.startsWith(name.slice(1)));
  return isShared
    ? from !== "_engine" || to === "_engine"
    : to === (engine ?? from);
}

Deno.test("architecture: every source file belongs to a room", () => {
  const strangers = files.filter((file) =>
    file !== "mod.ts" && !(roomOf(file) in MAY_IMPORT)
  );
  assertEquals(strangers, []);
  assert(files.length > Object.keys(MAY_IMPORT).length);
});

for (const file of files.filter((file) => file !== "mod.ts")) {
  Deno.test(`architecture: ${file} imports only what its room may`, async () => {
    const refused = (await importsOf(file))
      .filter((specifier) => !isAllowed(file, specifier));
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
  assert(reached.has("_parser/interpreter.ts"));
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
  const exported = Object.values(config.exports).map((path) =>
    String(path).slice(2)
  );
  const isPublic = (file: string) => !/(^|\/)_/.test(file);
  assertEquals(exported.sort(), files.filter(isPublic));
});

Deno.test("architecture: no source file imports itself by way of others, also for types", async () => {
  // A file is removed once it imports nothing that is left: what remains is in a circle, or
  // imports one.
  const imports = new Map<string, string[]>();
  for (const file of files) {
    const specifiers = await importsOf(file);
    const paths = specifiers.filter((specifier) => specifier.startsWith("."));
    imports.set(file, paths.map((path) => resolve(file, path)));
  }
  for (let size = Infinity; imports.size < size;) {
    size = imports.size;
    for (const [file, paths] of imports) {
      if (!paths.some((path) => imports.has(path))) imports.delete(file);
    }
  }
  assertEquals([...imports.keys()], []);
});
