// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the reports that `deno test --junit-path` writes, for `run_tests.ts`.
 *
 * @module
 */

/** A test in a report. */
export interface ReportedTest {
  name: string;
  /** The file that has the test, without the lines of an example in its comments. */
  file: string;
}

/** What a report tells. A step of a test counts as a test. */
export interface TestOutcome {
  passed: number;
  skipped: number;
  failed: ReportedTest[];
}

const SUITE_REGEXP =
  /<testsuite [^>]*?tests="(\d+)" disabled="(\d+)" errors="(\d+)" failures="(\d+)"/g;
const FAILED_REGEXP =
  /<testcase name="([^"]*)" classname="([^"]*)"[^>]*>\s*<(?:failure|error)\b/g;
const ENTITY_REGEXP = /&(lt|gt|amp|quot|apos);/g;
const ENTITIES: Record<string, string> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

/** Reads a report; one that is empty has no test. */
export function readJunitReport(xml: string): TestOutcome {
  const suites = [...xml.matchAll(SUITE_REGEXP)];
  const sum = (group: number) =>
    suites.reduce((sum, suite) => sum + Number(suite[group]), 0);
  const skipped = sum(2);
  const failed = [...xml.matchAll(FAILED_REGEXP)].map(([, name, file]) => ({
    name: unescape(name!),
    file: unescape(file!).replace(/#.*$/, ""),
  }));
  return { passed: sum(1) - skipped - sum(3) - sum(4), skipped, failed };
}

function unescape(text: string): string {
  return text.replace(ENTITY_REGEXP, (_entity, name) => ENTITIES[name]!);
}
