// Copyright 2026 the Tidings authors. MIT license.

/**
 * Joins test files into modules, for `run_tests.ts`. Deno runs each module that it is given in
 * an isolate of its own. To start one and to load the package there takes longer than what
 * most test files do.
 *
 * @module
 */

/** The most test files in a module: one that is last is waited for. */
const MOST_FILES = 6;
/** The rooms with the tests that take longest, which begin first. */
const LONG_ROOMS = ["logs", "runs", "channel"];

/**
 * Writes modules that import test files, each those of one room.
 *
 * @param folder The folder for the modules.
 * @param files The test files, by their paths from the folder of the project.
 * @returns The paths of the modules, in the order in which they should begin.
 */
export async function writeTestModules(
  folder: string,
  files: readonly string[],
): Promise<string[]> {
  const rooms = Map.groupBy(files, (file) => file.split("/")[1]!);
  const modules: string[] = [];
  for (const room of new Set([...LONG_ROOMS, ...rooms.keys()])) {
    const all = rooms.get(room) ?? [];
    for (let at = 0; at < all.length; at += MOST_FILES) {
      const module = `${folder}/${room}_${at / MOST_FILES + 1}_test.ts`;
      const imports = all.slice(at, at + MOST_FILES).map((file) =>
        `import ${JSON.stringify(new URL(`../${file}`, import.meta.url))};\n`
      );
      await Deno.writeTextFile(module, imports.join(""));
      modules.push(module);
    }
  }
  return modules;
}
