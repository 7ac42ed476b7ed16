// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs the suite of the frameworks: `scripts/test_frameworks.ts` starts it, with the
 * import map that the tests need.
 *
 * @module
 */

import {
  ALL_CELLS,
  type Cell,
  COLUMNS,
  CORS_CELLS,
  GZIP_CELLS,
  OTHER_ANSWER_CELLS,
  PARSER_CELLS,
  PROXY_CELLS,
  SOCKET_CELLS,
  TRANSFORM_CELLS,
} from "./_cells.ts";
import { runSecondTime } from "../../scripts/_second_run.ts";
import { INTEROP, runInterop } from "./_interop.ts";
import { EXPECTED_FAILURES } from "./_expected_failures.ts";
import { type Framework, FRAMEWORKS } from "./_frameworks.ts";
import {
  ALLOWING_TRANSFORM,
  AS_PRINTED,
  BEHIND_PARSER,
  BEHIND_REWRITES,
  HANDED_ON,
  readPrograms,
  type Variant,
  WITH_CORS,
  WITH_GZIP,
  WITH_OTHER_ANSWER,
  WITH_SESSIONS,
  WITH_SOCKETS,
} from "./_programs.ts";
import { prepareProject } from "./_project.ts";
import { type Outcome, type Row, runRow } from "./_row.ts";

const VARIANTS: [Variant, readonly Cell[]][] = [
  [AS_PRINTED, ALL_CELLS],
  [WITH_SESSIONS, ALL_CELLS],
  [WITH_SOCKETS, SOCKET_CELLS],
  [WITH_GZIP, GZIP_CELLS],
  [ALLOWING_TRANSFORM, TRANSFORM_CELLS],
  [WITH_CORS, CORS_CELLS],
  [BEHIND_PARSER, PARSER_CELLS],
  [WITH_OTHER_ANSWER, OTHER_ANSWER_CELLS],
  [HANDED_ON, PARSER_CELLS],
  [BEHIND_REWRITES, PROXY_CELLS],
];

const FAILED = "FAILED";
const NOT_YET = "not yet";
const isWhole = Deno.args.includes("all");
const names = Deno.args.filter((name) => name !== "all");
const programs = await readPrograms();
checkNames();
const folder = await prepareProject({ isWhole });
const rows = FRAMEWORKS
  .filter(({ isSlow }) => isWhole || !isSlow)
  .filter(({ name }) => names.length === 0 || names.includes(name))
  .flatMap(rowsOf);
const outcomes = await runRows();
await runSecondTime(rows.filter(hasFault), async (row) => {
  outcomes.set(row, await runRow(row, { folder, programs }));
  return !hasFault(row);
});
const [passed, failed] = report(await runPrograms());
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed > 0 ? 1 : 0);

/**
 * The guide has the frameworks of the table, and no others; what is expected to fail is in
 * the table.
 */
function checkNames(): void {
  const known = new Set(FRAMEWORKS.map(({ name }) => name));
  const printed = new Set(programs.keys());
  const titles = new Set(FRAMEWORKS.flatMap(rowsOf).flatMap(titlesOf));
  const strangers = [
    ...Object.keys(EXPECTED_FAILURES).filter((title) => !titles.has(title)),
    ...known.symmetricDifference(printed),
    ...names.filter((name) => !known.has(name) && !(name in INTEROP)),
  ];
  if (strangers.length === 0) return;
  throw new Error(
    `Cannot test frameworks: expected ${
      [...known].join(", ")
    }, got ${strangers}`,
  );
}

function rowsOf(framework: Framework): Row[] {
  return VARIANTS
    .filter(([{ frameworks }]) => frameworks?.includes(framework.name) ?? true)
    .map(([variant, cells]) => {
      const name = framework.name + framework.runtime.name + variant.name;
      return { name, framework, variant, cells };
    });
}

function titlesOf({ framework, variant, cells }: Row): string[] {
  return cells.map(({ name }) => `${framework.name}${variant.name}: ${name}`);
}

/** Runs all rows at once, but for those that are built in one place. */
async function runRows(): Promise<Map<Row, Outcome>> {
  const outcomes = new Map<Row, Outcome>();
  let building = Promise.resolve();
  const run = async (row: Row) => {
    outcomes.set(row, await runRow(row, { folder, programs }));
  };
  // Those with the most cells are silent for a while: the others run meanwhile.
  const order = rows.toSorted((a, b) => b.cells.length - a.cells.length);
  await Promise.all(order.map((row) => {
    if (row.framework.build === undefined) return run(row);
    return building = building.then(() => run(row));
  }));
  return outcomes;
}

/** Runs the programs that use another package of event streams. */
async function runPrograms(): Promise<Map<string, Error | undefined>> {
  const wanted = Object.keys(INTEROP)
    .filter((name) => names.length === 0 || names.includes(name));
  return await runInterop(folder, wanted);
}

/** Prints the table, then what is wrong; counts the cells that passed and failed. */
function report(
  programs: Map<string, Error | undefined>,
): [number, number] {
  const width = Math.max(9, ...rows.map(({ name }) => name.length));
  const header = COLUMNS.map(({ name }) => name.padEnd(NOT_YET.length))
    .join(" | ");
  console.log(`${"".padEnd(width)} | ${header}`);
  const faults: string[] = [];
  let passed = 0;
  for (const row of rows) {
    const marks = COLUMNS.map((cell) => {
      const width = Math.max(cell.name.length, NOT_YET.length);
      if (!row.cells.includes(cell)) return "–".padEnd(width);
      const error = outcomes.get(row)!.get(cell);
      const fault = findFault(row, cell, error);
      if (fault === undefined) passed++;
      else faults.push(fault);
      const mark = error === undefined ? "ok" : NOT_YET;
      return (fault === undefined ? mark : FAILED).padEnd(width);
    });
    console.log(`${row.name.padEnd(width)} | ${marks.join(" | ")}`);
  }
  for (const [name, error] of programs) {
    console.log(
      `${name.padEnd(width)} | ${error === undefined ? "ok" : FAILED}`,
    );
    if (error === undefined) passed++;
    else faults.push(`FAILED: ${name}\n${indent(error)}`);
  }
  for (const fault of faults) console.log(fault);
  return [passed, faults.length];
}

function hasFault(row: Row): boolean {
  const outcome = outcomes.get(row)!;
  return row.cells.some((cell) =>
    findFault(row, cell, outcome.get(cell)) !== undefined
  );
}

function findFault(
  { name, framework, variant }: Row,
  cell: Cell,
  error: Error | undefined,
): string | undefined {
  const title = `${name}: ${cell.name}`;
  const reason =
    EXPECTED_FAILURES[`${framework.name}${variant.name}: ${cell.name}`];
  if (error === undefined) {
    return reason && `${title}: ok, but EXPECTED_FAILURES has it: ${reason}`;
  }
  return reason === undefined
    ? `FAILED: ${title}\n${indent(error)}`
    : undefined;
}

function indent({ message }: Error): string {
  return message.replaceAll(/^/gm, "  ");
}
