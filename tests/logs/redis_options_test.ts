// Copyright 2026 the Tidings authors. MIT license.

import { assertThrows } from "@std/assert";
import {
  type RedisClient,
  RedisEventLogs,
  type RedisEventLogsOptions,
  RedisStreamsEventLog,
  type RedisStreamsEventLogOptions,
} from "../../logs/redis_streams.ts";
import { testLogOptions, testLogsOptions } from "../support/log_options.ts";
import { testOptions } from "../support/options_suite.ts";

/** A call with wrong options must not get so far. */
const client: RedisClient = {
  send: () => Promise.reject(new Error("A command was sent")),
  duplicate: () => client,
  close: () => {},
};

testOptions<RedisStreamsEventLogOptions>({
  name: "new RedisStreamsEventLog()",
  call: (options) => new RedisStreamsEventLog(client, "a", options),
  right: { maxEvents: 5, maxAge: 5, timeout: 5 },
  wrong: { maxEvents: "5", maxAge: "5", timeout: "5" },
});

testOptions<RedisEventLogsOptions>({
  name: "new RedisEventLogs()",
  call: (options) => new RedisEventLogs(client, "a:", options),
  right: { timeout: 5 },
  wrong: { timeout: "5" },
});

testLogOptions(
  "RedisStreamsEventLog",
  (call) => call(new RedisStreamsEventLog(client, "a")),
  true,
);

testLogsOptions(
  "RedisEventLogs",
  (call) => call(new RedisEventLogs(client, "a:")),
  true,
);

const NONE: Record<string, unknown> = {
  "nothing": undefined,
  "null": null,
  "a URL": "redis://127.0.0.1",
  "an object": {},
  "a client of npm": { sendCommand() {}, duplicate() {}, close() {} },
};

for (const [name, value] of Object.entries(NONE)) {
  Deno.test(`RedisStreamsEventLog and RedisEventLogs throw TypeError for ${name} in place of a client`, () => {
    const none = value as RedisClient;
    const message =
      'client" to be a client with send(), duplicate() and close(), got ';
    assertThrows(() => new RedisStreamsEventLog(none, "a"), TypeError, message);
    assertThrows(() => new RedisEventLogs(none, "a"), TypeError, message);
  });
}
