// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs the programs of `docs/frameworks.md` in their frameworks, with the npm package of
 * this working copy, and prints a table of frameworks and behaviours. It closes with the
 * line `N passed, N failed`. With `all` as its argument it takes those that take long as
 * well, and with names only those: `deno task test:frameworks express koa`.
 *
 * @module
 */

import { importMapArgs } from "./_import_map.ts";

const { code } = await new Deno.Command(Deno.execPath(), {
  args: [
    "run",
    "-A",
    ...await importMapArgs(),
    "tests/frameworks/_run.ts",
    ...Deno.args,
  ],
}).spawn().status;
Deno.exit(code);
