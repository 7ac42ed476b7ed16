// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs the portable tests in runtimes other than Deno, and closes with the line
 * `N passed, N failed, N skipped`. Without arguments, it takes all runtimes that can be found
 * or installed. A runtime that is named must be there: `deno task test:runtimes node bun`. The
 * environment variable `SEED` reaches the property tests; with `FILTER`, only the tests whose
 * name contains it are run.
 *
 * A test that fails is run once more by itself, as `_second_run.ts` describes.
 *
 * @module
 */

import type { TestReport } from "../tests/runtimes/deno_stand_in.ts";
import { bundle, lowerSyntax } from "./_bundle.ts";
import { findBrowser } from "./_browsers.ts";
import { type BrowserPlace, runInBrowser } from "./_run_browser.ts";
import { runInNode } from "./_run_node.ts";
import { runInWorkerd } from "./_run_workerd.ts";
import { runSecondTime } from "./_second_run.ts";
import { requireWebKit, webKitVersion } from "./_webkit.ts";
import {
  findBetterSqlite,
  findBun,
  findNode,
  type FindTool,
  findWorkerd,
} from "./_tools.ts";

interface Runtime {
  find: FindTool;
  /** Asks for the version, where the program does not print it. */
  findVersion?: () => Promise<string>;
  /** Whether it is run only if it is named. */
  isNamed?: boolean;
  run: (program: string, timeLimit: AbortSignal) => Promise<TestReport>;
}

/** Milliseconds for all tests in one runtime. */
const TIME_LIMIT = 900_000;

/** Environment variables for the program `node`. */
const NODE_ENV: Record<string, string> = {};

const RUNTIMES: Record<string, Runtime> = {
  node: {
    find: async () => {
      const program = await findSystemNode();
      await findSqlite();
      return program;
    },
    run: async (program, timeLimit) => {
      const code = await lowerSyntax(await bundleForNode());
      return await runInNode(program, code, timeLimit, NODE_ENV);
    },
  },
  "node-latest": {
    find: findNode,
    run: async (program, timeLimit) =>
      runInNode(program, await bundleForNode(), timeLimit),
  },
  bun: {
    find: findBun,
    run: async (program, timeLimit) =>
      runInNode(program, await bundleForNode(), timeLimit),
  },
  workerd: {
    find: findWorkerd,
    run: async (program, timeLimit) =>
      runInWorkerd(program, await bundleForWeb("workerd.ts"), timeLimit),
  },
  "chromium-page": inBrowser("chromium", "page"),
  "chromium-worker": inBrowser("chromium", "worker"),
  "firefox-page": inBrowser("firefox", "page"),
  "firefox-worker": inBrowser("firefox", "worker"),
  "webkit-page": webKit("page"),
  "webkit-worker": webKit("worker"),
};

const total = { passed: 0, failed: 0, skipped: 0 };
const failures: { name: string; run: () => Promise<boolean> }[] = [];
const names = Deno.args.length > 0
  ? Deno.args
  : Object.keys(RUNTIMES).filter((name) => !RUNTIMES[name]?.isNamed);
const found: FoundRuntime[] = [];
for (const name of names) {
  const runtime = await findProgram(name);
  if (runtime !== undefined) found.push(runtime);
}
// Three at once, since most tests wait for a socket or a timer.
await Promise.all([testNext(), testNext(), testNext()]);
const flaky = await runSecondTime(failures, ({ run }) => run());
total.passed += flaky.length;
total.failed += failures.length - flaky.length;
console.log(
  `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`,
);
Deno.exit(total.failed > 0 ? 1 : 0);

async function testNext(): Promise<void> {
  for (let next = found.shift(); next !== undefined; next = found.shift()) {
    await testRuntime(next);
  }
}

/** A runtime with its program. */
interface FoundRuntime extends Runtime {
  name: string;
  program: string;
}

/** Finds the program of a runtime, and prints a line if there is none. */
async function findProgram(name: string): Promise<FoundRuntime | undefined> {
  const runtime = RUNTIMES[name];
  if (runtime === undefined) {
    const known = Object.keys(RUNTIMES).join(", ");
    throw new Error(
      `Cannot run tests: expected one of ${known}, got ${JSON.stringify(name)}`,
    );
  }
  try {
    return { ...runtime, name, program: await runtime.find() };
  } catch (error) {
    console.log(`${name}: not available: ${(error as Error).message}`);
    if (Deno.args.length > 0) total.failed++;
    else total.skipped++;
    return undefined;
  }
}

async function testRuntime(runtime: FoundRuntime): Promise<void> {
  const { name, program } = runtime;
  try {
    const version = await (runtime.findVersion?.() ?? versionOf(program));
    const report = await runtime.run(program, AbortSignal.timeout(TIME_LIMIT));
    show(`${name} (${version})`, report);
    total.passed += report.passed;
    total.skipped += report.skipped.length;
    const failed = report.failed.map((test) => ({
      name: `${name}: ${test.name}`,
      run: () => isPassedAlone(runtime, test.name),
    }));
    failures.push(...failed);
  } catch (error) {
    console.log(`FAILED: ${name}: ${error}`);
    total.failed++;
  }
}

async function isPassedAlone(
  { run, program }: FoundRuntime,
  test: string,
): Promise<boolean> {
  Deno.env.set("FILTER", test);
  const { passed, failed } = await run(
    program,
    AbortSignal.timeout(TIME_LIMIT),
  );
  return passed > 0 && failed.length === 0;
}

function show(runtime: string, report: TestReport): void {
  const { passed, failed, skipped } = report;
  console.log(
    `${runtime}: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped`,
  );
  for (const [reason, tests] of Map.groupBy(skipped, ({ reason }) => reason)) {
    const which = tests.length === 1 ? tests[0]!.name : `${tests.length} tests`;
    console.log(`  skipped: ${which}: ${reason}`);
  }
  for (const { name, error } of failed) {
    console.log(`  failed: ${name}\n${error.replaceAll(/^/gm, "    ")}`);
  }
}

function inBrowser(
  name: "chromium" | "firefox",
  place: BrowserPlace,
): Runtime {
  return {
    find: () => findBrowser(name),
    run: async (_program, timeLimit) => {
      const code = await lowerSyntax(await bundleForWeb("browser.ts"));
      return await runInBrowser(name, code, place, timeLimit);
    },
  };
}

/** `deno task test:webkit` names it. */
function webKit(place: BrowserPlace): Runtime {
  return {
    find: async () => {
      await requireWebKit();
      return "WebKitWebDriver";
    },
    findVersion: webKitVersion,
    isNamed: true,
    run: async (_program, timeLimit) =>
      runInBrowser(
        "webkit",
        await lowerSyntax(await bundleForWeb("browser.ts")),
        place,
        timeLimit,
      ),
  };
}

function bundleForNode(): Promise<string> {
  const importMap = "tests/runtimes/import_map.json";
  return bundle("tests/runtimes/node.ts", { importMap });
}

function bundleForWeb(file: string): Promise<string> {
  const importMap = "tests/runtimes/import_map_web.json";
  return bundle(`tests/runtimes/${file}`, { importMap });
}

/** Finds SQLite for the tests in Node 20, which are skipped without it. */
async function findSqlite(): Promise<void> {
  if (Deno.env.has("BETTER_SQLITE3")) return;
  try {
    NODE_ENV.BETTER_SQLITE3 = await findBetterSqlite();
  } catch (error) {
    console.log(`better-sqlite3: not available: ${(error as Error).message}`);
  }
}

async function findSystemNode(): Promise<string> {
  await versionOf("node");
  return "node";
}

async function versionOf(program: string): Promise<string> {
  const { stdout } = await new Deno.Command(program, {
    args: ["--version"],
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).trim();
}
