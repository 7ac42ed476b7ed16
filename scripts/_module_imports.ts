// Copyright 2026 the Tidings authors. MIT license.

/**
 * What modules and declarations of the npm package import, and which of them its exports
 * and its program reach.
 *
 * @module
 */

import { BIN_FILE, exportedFiles } from "./_npm_manifest.ts";

const IMPORT_REGEXP =
  /\b(?:import|export)\s[^"';]*?from\s*"([^"]+)"|\bimport\s*\(\s*"([^"]+)"|^\s*import\s*"([^"]+)"/gm;
const COMMENT_REGEXP = /\/\*[^]*?\*\/|^\s*\/\/.*$/gm;

/** The specifiers of all imports and re-exports, in their order. */
export function moduleImports(code: string): string[] {
  return [...code.replaceAll(COMMENT_REGEXP, "").matchAll(IMPORT_REGEXP)]
    .map((match) => match[1] ?? match[2] ?? match[3]!);
}

/**
 * Finds the modules and declarations that the exports and the program of the package reach
 * by relative imports, whether they are there or not.
 *
 * @param files The text of each file, by its path in the package.
 */
export function reachedFiles(files: ReadonlyMap<string, string>): Set<string> {
  return reachFrom(exportedFiles("types"), ".d.ts", files)
    .union(reachFrom([...exportedFiles("default"), BIN_FILE], ".js", files));
}

/** In a file of declarations, an import says `.js` for `.d.ts`. */
function reachFrom(
  entries: string[],
  suffix: string,
  files: ReadonlyMap<string, string>,
): Set<string> {
  const reached = new Set(entries);
  for (const file of reached) {
    for (const specifier of moduleImports(files.get(file) ?? "")) {
      if (!specifier.startsWith(".")) continue;
      const { pathname } = new URL(specifier, `file:///${file}`);
      reached.add(pathname.slice(1).replace(/\.js$/, suffix));
    }
  }
  return reached;
}
