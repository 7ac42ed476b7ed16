// Copyright 2026 the Tidings authors. MIT license.

/** Runs measurements by name from the command line, and prints their rows. */

import { type Row, Table } from "./_table.ts";
import { CHECK } from "./_targets.ts";

/** Measurements by their names. A name is a path, such as `herd/Redis`. */
export type Jobs = Readonly<Record<string, () => Row[] | Promise<Row[]>>>;

/**
 * Runs jobs one after the other, and prints the rows of each. The first argument of the
 * command line has the first part or parts of the names of the jobs to run. With
 * `--check`, a figure that is worse than it was fails the command.
 */
export async function runJobs(jobs: Jobs): Promise<void> {
  const [filter = ""] = Deno.args.filter((argument) => argument !== CHECK);
  const table = new Table();
  table.begin();
  for (const [name, run] of Object.entries(jobs)) {
    if (!`${name}/`.startsWith(filter && `${filter}/`)) continue;
    for (const row of await run()) table.add(row);
  }
  if (table.end(Deno.args)) Deno.exitCode = 1;
}
