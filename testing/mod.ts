// Copyright 2026 the Tidings authors. MIT license.

/**
 * What every log must do, as cases for any test runner: for authors of a log over an
 * engine of their own. Our own logs run the same ones.
 *
 * Nothing is imported but the package itself. A case rejects if what its name says does not
 * hold, within about 10 seconds.
 *
 * @example Usage
 * ```ts
 * import { MemoryEventLog } from "@tidings/sse/log";
 * import { eventLogCases } from "@tidings/sse/testing";
 *
 * const cases = eventLogCases(
 *   ({ maxEvents }) => ({ log: new MemoryEventLog({ maxEvents }) }),
 *   { ownIds: true },
 * );
 * // Under a test runner, each is a test: `test(name, run)`.
 * for (const { run } of cases) await run();
 * ```
 *
 * @module
 */

export type {
  BeginTransaction,
  ConformanceCase,
  EventLogCasesOptions,
  EventLogFixture,
  EventLogFixtureOptions,
  EventLogsFixture,
  EventLogTransaction,
  OpenEventLog,
  OpenEventLogs,
} from "./_case.ts";
export { eventLogCases } from "./_log_cases.ts";
export { eventLogsCases } from "./_logs_cases.ts";
