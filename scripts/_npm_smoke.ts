// Copyright 2026 the Tidings authors. MIT license.

/**
 * A program that tries the package as npm installs it.
 *
 * @module
 */

import { name, npmSpecifiers } from "./_npm_manifest.ts";

/** The command line's own block is for Deno; its program is tried by itself. */
const specifiers = npmSpecifiers.filter((path) => path !== `${name}/cli`);

/**
 * Writes the program: it loads every export for Node, reads one event, and fails where an
 * export is empty, the event another, a class not the one that the other way of
 * loading gives, or the runtime gives other warnings. It is a script, and a module as
 * well.
 *
 * @param load What loads an export: `import`, or `require` of CommonJS.
 * @param warnings The names of the warnings that the runtime gives.
 */
export function smokeProgram(
  load: "import" | "require",
  warnings: readonly string[] = [],
): string {
  return `
const warnings = [];
process.on("warning", (warning) => warnings.push(warning));
process.on("exit", () => {
  const names = warnings.map(({ name }) => name);
  if (JSON.stringify(names) === '${JSON.stringify(warnings)}') return;
  console.error("It warns of", warnings);
  process.exitCode = 1;
});
main();

async function main() {
  for (const specifier of ${JSON.stringify(specifiers)}) {
    const exports = await ${load}(specifier);
    if (Object.keys(exports).length === 0) throw new Error(specifier);
  }
  const { encodeEvent, EventStreamError, readEvents } = await ${load}("${name}");
  const bytes = encodeEvent({ event: "tick", data: "42", id: 7 });
  const headers = { "content-type": "text/event-stream" };
  const events = [];
  for await (const event of readEvents(new Response(bytes, { headers }))) {
    events.push([event.event, event.data, event.lastEventId]);
  }
  const text = JSON.stringify(events);
  if (text !== '[["tick","42","7"]]') throw new Error(text);
  const other = await import("${name}/parser");
  if (other.EventStreamError !== EventStreamError) {
    throw new Error("There are two copies of a class");
  }
}
`;
}
