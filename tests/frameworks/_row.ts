// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs one row of the table: starts a program, and tries its cells one after the other.
 *
 * @module
 */

import { App } from "./_app.ts";
import { buildApp } from "./_builds.ts";
import type { Cell } from "./_cells.ts";
import { type Framework, UPSTREAM } from "./_frameworks.ts";
import {
  AS_PRINTED,
  makeModule,
  type Program,
  type Variant,
} from "./_programs.ts";

/** A program in a process of its own. */
export interface Row {
  name: string;
  framework: Framework;
  variant: Variant;
  cells: readonly Cell[];
}

/** What came of the cells of a row: the error of each that failed. */
export type Outcome = Map<Cell, Error | undefined>;

/** Where programs are run. */
export interface Project {
  folder: string;
  /** The programs of the guide. */
  programs: Map<string, Program>;
}

/** How many apps start at the same time. */
const MAX_STARTING = 3;
/** The starts so far, in their order. */
const starting: Promise<unknown>[] = [];

/** Runs a row. */
export async function runRow(
  row: Row,
  { folder, programs }: Project,
): Promise<Outcome> {
  const { framework, variant, cells } = row;
  const outcome: Outcome = new Map();
  const start = async (
    name: string,
    framework: Framework,
    variant: Variant,
    upstreamPort?: number,
  ) => {
    // Cannot fail: the guide has a program for each framework.
    const program = programs.get(framework.name)!;
    const code = await makeModule(program, variant);
    const project = { folder, upstreamPort };
    return await startProgram(name, framework, code, project);
  };
  try {
    await using upstream = variant.isProxied
      ? await start(`${row.name}, upstream`, UPSTREAM, AS_PRINTED)
      : undefined;
    await using front = await start(
      row.name,
      framework,
      variant,
      upstream?.port,
    );
    // It is reached through the other, and tells what its channel does.
    if (upstream !== undefined) upstream.port = front.port;
    const app = upstream ?? front;
    for (const cell of cells) {
      const test = () => cell.test({ app, framework, variant });
      outcome.set(cell, await errorOf(test));
    }
  } catch (error) {
    // Told once.
    outcome.set(cells[0]!, error as Error);
    for (const cell of cells.slice(1)) {
      outcome.set(cell, new Error("not tried"));
    }
  }
  return outcome;
}

async function startProgram(
  name: string,
  { build, runtime }: Framework,
  code: string,
  { folder, upstreamPort }: {
    folder: string;
    upstreamPort?: number | undefined;
  },
): Promise<App> {
  const file = `${name.replaceAll(/\W+/g, "_")}.mjs`;
  const findNode = runtime.find;
  const cwd = build === undefined
    ? folder
    : await buildApp(build, code, { project: folder, findNode, upstreamPort });
  if (build === undefined) await Deno.writeTextFile(`${folder}/${file}`, code);
  const executable = await runtime.find();
  const options = {
    executable,
    args: runtime.args(file),
    cwd,
    env: build?.env,
  };
  return await startInTurn(() => App.start(options));
}

/** Starts an app when few others are starting: all at once, each would be late. */
async function startInTurn(start: () => Promise<App>): Promise<App> {
  const turns = starting.length;
  const before = starting[turns - MAX_STARTING];
  const app = (async () => {
    await before;
    return await start();
  })();
  starting.push(app.catch(() => {}));
  return await app;
}

async function errorOf(test: () => Promise<void>): Promise<Error | undefined> {
  try {
    await test();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
