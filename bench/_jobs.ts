// Copyright 2026 the Tidings authors. MIT license.

/** Runs measurements by name from the command line, and prints their rows. */

import { formatRow, HEADING, type Row } from "./_table.ts";

/** Measurements by their names. A name is a path, such as `herd/Redis`. */
export type Jobs = Readonly<Record<string, () => Row[] | Promise<Row[]>>>;

/**
 * Runs jobs one after the other, and prints the rows of each.
 *
 * @param filter The first part or parts of the names of the jobs to run; all if empty.
 */
export async function runJobs(jobs: Jobs, filter = ""): Promise<void> {
  console.log(HEADING);
  for (const [name, run] of Object.entries(jobs)) {
    if (!`${name}/`.startsWith(filter && `${filter}/`)) continue;
    for (const row of await run()) console.log(formatRow(row));
  }
}
