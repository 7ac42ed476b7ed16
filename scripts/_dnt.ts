// Copyright 2026 the Tidings authors. MIT license.

/**
 * Has dnt emit the modules and declarations of the npm package.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };

/**
 * Exact, since what dnt emits is published. Not in the imports of `deno.json`, which
 * are those of the tests, and not in an `import`, which would make `deno check
 * scripts/` fail where JSR is out of reach.
 */
export const DNT_VERSION = "0.43.2";
export const DNT_SPECIFIER = `jsr:@deno/dnt@${DNT_VERSION}`;

/** What the sources are checked with. It does not reach the manifest. */
const NODE_TYPES_VERSION = "20.19.43";

/** What the compiler says where Deno's own names are not declared. */
const DENO_NAME_REGEXP =
  /^Cannot find (?:name|namespace) 'Deno'|^Property 'main' does not exist on type 'ImportMeta'/;

/** The parts of a diagnostic of TypeScript that are looked at. */
export interface Diagnostic {
  file?: { fileName: string } | undefined;
  messageText: string | object;
}

/** The options of dnt's `build()` that are set: the test has dnt's own types. */
export interface DntOptions {
  entryPoints: { name: string; path: string }[];
  outDir: string;
  cwd: string;
  shims: Record<never, never>;
  polyfills: false;
  scriptModule: false;
  test: false;
  skipSourceOutput: true;
  typeCheck: "single";
  declaration: "inline";
  package: {
    name: string;
    version: string;
    devDependencies: Record<string, string>;
  };
  compilerOptions: {
    target: "ES2023";
    lib: ("ESNext" | "DOM" | "DOM.Iterable")[];
    skipLibCheck: false;
    noImplicitReturns: true;
    noUncheckedIndexedAccess: true;
    useUnknownInCatchVariables: true;
  };
  filterDiagnostic: (diagnostic: Diagnostic) => boolean;
}

/**
 * Emits the package as dnt lays it out: the modules are in `esm/`.
 *
 * @param folder Where it goes, which is empty.
 * @param root The folder of the working copy.
 * @throws {Error} If dnt cannot be loaded, or the compiler finds a fault.
 */
export async function emitByDnt(folder: string, root: string): Promise<void> {
  const { build } = await import(DNT_SPECIFIER);
  await build(dntOptions(folder, root));
}

/** Gives what {@linkcode emitByDnt} tells dnt. */
export function dntOptions(folder: string, root: string): DntOptions {
  return {
    entryPoints: Object.entries(config.exports)
      .map(([name, path]) => ({ name, path })),
    outDir: folder,
    cwd: root,
    // The sources call web standards, which Node has: a shim would put a Proxy around
    // `globalThis`, and a polyfill would be a side effect.
    shims: {},
    polyfills: false,
    // A second copy of each class for CommonJS would break `instanceof`.
    scriptModule: false,
    test: false,
    skipSourceOutput: true,
    // There is one kind of module.
    typeCheck: "single",
    declaration: "inline",
    package: {
      name: config.name,
      version: config.version,
      devDependencies: { "@types/node": NODE_TYPES_VERSION },
    },
    compilerOptions: {
      target: "ES2023",
      lib: ["ESNext", "DOM", "DOM.Iterable"],
      skipLibCheck: false,
      noImplicitReturns: true,
      noUncheckedIndexedAccess: true,
      useUnknownInCatchVariables: true,
    },
    filterDiagnostic: (diagnostic) => !isDenoName(diagnostic),
  };
}

/** Whether the compiler misses a name of Deno's in the command line. */
function isDenoName({ file, messageText }: Diagnostic): boolean {
  return file !== undefined && /\/src\/cli\/\w+\.ts$/.test(file.fileName) &&
    typeof messageText === "string" && DENO_NAME_REGEXP.test(messageText);
}
