// Copyright 2026 the Tidings authors. MIT license.

/** The arguments of the logs in PostgreSQL, over a client that is not used. */

import { assertThrows } from "@std/assert";
import {
  type PostgresClient,
  PostgresEventLog,
  type PostgresEventLogOptions,
  PostgresEventLogs,
  type PostgresEventLogsOptions,
} from "../../logs/postgres.ts";
import { testLogOptions, testLogsOptions } from "../support/log_options.ts";
import { testOptions } from "../support/options_suite.ts";

const UNUSED: PostgresClient = {
  query: () => Promise.reject(new Error("The client was used")),
  listen: () => Promise.reject(new Error("The client was used")),
};

const RIGHT = { pollInterval: 5, timeout: 5, notify: false, hasTables: true };
const WRONG = {
  pollInterval: "5",
  timeout: "5",
  notify: "no",
  hasTables: 1,
};

testOptions<PostgresEventLogOptions>({
  name: "new PostgresEventLog()",
  call: (options) => new PostgresEventLog(UNUSED, "a", options),
  right: { maxEvents: 5, maxBytes: 5, maxAge: 5, ...RIGHT },
  wrong: { maxEvents: "5", maxBytes: "5", maxAge: "5", ...WRONG },
});

testOptions<PostgresEventLogsOptions>({
  name: "new PostgresEventLogs()",
  call: (options) => new PostgresEventLogs(UNUSED, "a", options),
  right: RIGHT,
  wrong: WRONG,
});

testLogOptions(
  "PostgresEventLog",
  (call) => call(new PostgresEventLog(UNUSED, "a")),
  true,
  true,
);
testLogsOptions(
  "PostgresEventLogs",
  (call) => call(new PostgresEventLogs(UNUSED, "a")),
  true,
);

Deno.test("PostgresEventLog() and PostgresEventLogs() throw if an argument is wrong", () => {
  const numbers: PostgresEventLogsOptions[] = [
    { pollInterval: 0 },
    { pollInterval: 2 ** 31 },
    { timeout: NaN },
    { timeout: Infinity },
  ];
  for (const make of [PostgresEventLog, PostgresEventLogs]) {
    for (const options of numbers) {
      assertThrows(() => new make(UNUSED, "a", options), RangeError);
    }
    new make(UNUSED, "a", { pollInterval: Infinity });
    assertThrows(() => new make(UNUSED, ""), TypeError, "that is not empty");
    assertThrows(() => new make(UNUSED, "\ud800"), TypeError);
    assertThrows(() => new make(UNUSED, "é".repeat(521)), RangeError);
    for (const name of [5, undefined, null]) {
      const given = name as unknown as string;
      assertThrows(() => new make(UNUSED, given), TypeError);
    }
    const query = UNUSED.query;
    const wrong = [undefined, null, 5, "postgres://", {}, { listen() {} }, {
      query,
      listen: true,
    }];
    for (const client of wrong) {
      const given = client as unknown as PostgresClient;
      const expected = '"client" to be a client with query(), and listen()';
      assertThrows(() => new make(given, "a"), TypeError, expected);
    }
  }
  for (const option of ["maxEvents", "maxBytes", "maxAge"]) {
    for (const value of [0, 1.5, -1]) {
      const options = { [option]: value };
      assertThrows(
        () => new PostgresEventLog(UNUSED, "a", options),
        RangeError,
      );
    }
  }
});
