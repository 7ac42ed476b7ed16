// Copyright 2026 the Tidings authors. MIT license.

/**
 * The thin adapter under which the tests of this repository run where there is no
 * Deno: a global `Deno` with what they use, and a runner. Importing this file puts
 * the global in place, so it must be imported before any test.
 */

import "./newer_functions.ts";

/** What came of a run; it has to survive `JSON.stringify`. */
export interface TestReport {
  passed: number;
  failed: { name: string; error: string }[];
  skipped: { name: string; reason: string }[];
}

/** Thrown by a stand-in for what the runtime cannot do: the test is skipped. */
export class NotAvailableError extends Error {
  override readonly name = "NotAvailableError";
}

interface TestDefinition {
  name: string;
  fn: (context: TestContext) => unknown;
  ignore?: boolean;
}

interface TestContext {
  step: (name: string, fn: () => unknown) => Promise<boolean>;
}

/** Milliseconds for one test, so that one that hangs is named. */
const TEST_TIME_LIMIT = 30_000;

const tests: TestDefinition[] = [];

/** The global `Deno` of the runtimes that have none. */
export const standIn = {
  test: Object.assign(defineTest, {
    ignore: (name: string) => void tests.push({ name, fn() {}, ignore: true }),
  }),
  // No runtime is tested on Windows.
  build: { os: "linux" },
  env: { get: (_name: string): string | undefined => undefined },
  serve: notAvailable("Deno.serve"),
  listen: notAvailable("Deno.listen"),
  connect: notAvailable("Deno.connect"),
  memoryUsage: notAvailable("Deno.memoryUsage"),
  execPath: notAvailable("Deno.execPath"),
};

Object.assign(globalThis, { Deno: standIn });

/** Options for {@linkcode runTests}. */
export interface RunTestsOptions {
  /**
   * What `Deno.env` gives, such as `SEED` for the property tests. With `FILTER`, only the
   * tests whose name contains it are run.
   */
  environment?: Record<string, string | undefined>;
  /** Names of tests that cannot run here, each with the reason. */
  exceptions?: Record<string, string>;
}

/** Runs all tests that were defined, one after the other. */
export async function runTests(
  { environment = {}, exceptions = {} }: RunTestsOptions,
): Promise<TestReport> {
  standIn.env.get = (name) => environment[name];
  const report: TestReport = { passed: 0, failed: [], skipped: [] };
  for (const name of Object.keys(exceptions)) {
    if (!tests.some((test) => test.name === name)) {
      report.failed.push({ name, error: "There is no test of this name" });
    }
  }
  for (const test of tests) {
    const { name } = test;
    if (!name.includes(environment.FILTER ?? "")) continue;
    const reason = test.ignore ? "ignored" : exceptions[name];
    if (reason !== undefined) {
      report.skipped.push({ name, reason });
      continue;
    }
    try {
      await runTest(test);
      report.passed++;
    } catch (error) {
      if (error instanceof NotAvailableError) {
        report.skipped.push({ name, reason: error.message });
      } else {
        report.failed.push({ name, error: describe(error) });
      }
    }
  }
  return report;
}

function notAvailable(name: string): () => unknown {
  return () => {
    throw new NotAvailableError(`it needs ${name}`);
  };
}

function defineTest(
  first: string | TestDefinition,
  ...rest: [TestDefinition["fn"]] | [object, TestDefinition["fn"]] | []
): void {
  const fn = rest.at(-1) as TestDefinition["fn"] | undefined;
  const options = rest.length === 2 ? rest[0] : {};
  const named = typeof first === "string" ? { name: first } : first;
  const test = { ...named, ...options, ...(fn && { fn }) };
  tests.push(test as TestDefinition);
}

async function runTest(test: TestDefinition): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const error = new Error(`Not done after ${TEST_TIME_LIMIT / 1000} s`);
    timer = setTimeout(() => reject(error), TEST_TIME_LIMIT);
  });
  const step: TestContext["step"] = async (_name, fn) => {
    await fn();
    return true;
  };
  try {
    await Promise.race([test.fn({ step }), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** The stack begins with the message in V8, and lacks it in JavaScriptCore. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? "";
  return stack.includes(error.message) ? stack : `${error}\n${stack}`;
}
