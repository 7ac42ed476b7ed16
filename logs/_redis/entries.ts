// Copyright 2026 the Tidings authors. MIT license.

/**
 * The layout of events in a Redis stream: the entry's ID is the event's, and its fields are
 * the event's fields, its topics and its conflation key. Other programs may append such
 * entries too.
 *
 * @module
 */

import { quote } from "../../_validate.ts";
import { makeFault } from "../_engine/make_fault.ts";
import type {
  EventLogAppendOptions,
  LoggedEvent,
} from "../../_log/event_log.ts";
import type { ServerSentEventInit } from "../../event.ts";

/** An entry of a stream. */
export interface Entry {
  readonly id: string;
  /** Names and values, alternating. */
  readonly fields: readonly string[];
  /** What is wrong with the entry, if that was found before its fields are read. */
  readonly fault?: string;
}

/** The field of the entry that creates a stream, or starts a generation in it. */
export const START_FIELD = "start";
/** The field of an event without fields: an entry must have one. */
const EMPTY_FIELD = "empty";
const EVENT_FIELDS = ["event", "data", "retry", "comment"] as const;
/** The fields of which an entry has at least one. */
const KNOWN_FIELDS = [
  ...EVENT_FIELDS,
  "topics",
  "conflationKey",
  "disconnect",
  EMPTY_FIELD,
];
const RETRY_REGEXP = /^\d+$/;

/**
 * Adds the first entry to a stream that has none. Returns the ID of the latest entry.
 *
 * KEYS: the stream.
 */
export const START_SCRIPT = `
if redis.call('XLEN', KEYS[1]) == 0 then
  return redis.call('XADD', KEYS[1], '*', '${START_FIELD}', '')
end
return redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1][1]
`;

/**
 * Goes back a number of entries, at most a page. It returns none of their fields, which
 * would cost far more than their IDs.
 *
 * KEYS: the stream. ARGV: the ID of the entry to begin with; how many entries to go back;
 * how many entries a page has. Returns the cursor there, or the cursor of the beginning if
 * the stream has fewer, or nothing if it has none. At the end of the page, it returns the
 * ID of the entry to go on with, and how many entries to go back from that.
 */
export const REWIND_SCRIPT = `
local left, page = tonumber(ARGV[2]), tonumber(ARGV[3])
local entries = redis.call(
  'XREVRANGE', KEYS[1], ARGV[1], '-', 'COUNT', math.min(left + 1, page)
)
if left < #entries then return entries[left + 1][1] end
local last = entries[#entries]
if not last then return false end
if #entries == page then return {last[1], left - page + 1} end
if last[2][1] == '${START_FIELD}' then return last[1] end
return '<' .. last[1]
`;

/**
 * Finds the reply to a write that a writer has repeated or that arrives late: the IDs of
 * the first time, or an error. It takes the last write of the writer, and the number of
 * this one.
 */
export const FIND_REPEATED = `
local function find_repeated(last, write)
  if not last then return nil end
  local number = tonumber(string.match(last, '^%d+'))
  if number > tonumber(write) then
    return redis.error_reply('ERR the write was given up')
  elseif number < tonumber(write) then
    return nil
  end
  local ids = {}
  for id in string.gmatch(last, '%d+%-%d+') do ids[#ids + 1] = id end
  return ids
end
`;

/**
 * Adds events, and drops those that are too many or too old. A writer that repeats a write
 * with an unknown outcome gets the IDs of the first time. Once a writer has started the
 * next write, an earlier one that arrives late is refused.
 *
 * KEYS: the stream; the last write of the writer.
 * ARGV: the number of the write; how many entries to keep and for how many
 * milliseconds, each empty for any; for each event the length of its fields, and those.
 */
export const APPEND_SCRIPT = `${FIND_REPEATED}
local repeated = find_repeated(redis.call('GET', KEYS[2]), ARGV[1])
if repeated then return repeated end
local ids = {}
local i = 4
while i <= #ARGV do
  local last = i + tonumber(ARGV[i])
  ids[#ids + 1] = redis.call('XADD', KEYS[1], '*', unpack(ARGV, i + 1, last))
  i = last + 1
end
redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. table.concat(ids, ' '), 'PX', 3600000)
if ARGV[2] ~= '' then
  redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[2])
end
if ARGV[3] ~= '' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local oldest = math.max(now - ARGV[3], 0)
  redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f', oldest))
end
return ids
`;

/** Makes the fields of an entry: names and values, alternating. */
export function makeFields(
  event: ServerSentEventInit,
  { topics, conflationKey, disconnect }: EventLogAppendOptions,
): string[] {
  const fields: string[] = [];
  for (const name of EVENT_FIELDS) {
    const value = event[name];
    if (value !== undefined) fields.push(name, String(value));
  }
  if (topics !== undefined) fields.push("topics", JSON.stringify(topics));
  if (conflationKey !== undefined) fields.push("conflationKey", conflationKey);
  if (disconnect) fields.push("disconnect", "true");
  return fields.length > 0 ? fields : [EMPTY_FIELD, ""];
}

/** Whether an entry creates a stream or starts a generation. It is not an event. */
export function isStart({ fields }: Entry): boolean {
  return fields[0] === START_FIELD;
}

/**
 * Reads the event of an entry, which another program may have written: an entry that is
 * none has a `fault`.
 */
export function readEvent({ id, fields, fault }: Entry): LoggedEvent {
  if (fault !== undefined) return makeFault(id, fault);
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) {
    // The condition of the loop checks both indexes.
    values.set(fields[i]!, fields[i + 1]!);
  }
  const retry = values.get("retry");
  const topics = readTopics(values.get("topics"));
  if (!KNOWN_FIELDS.some((name) => values.has(name))) {
    return makeFault(
      id,
      `expected fields of an event, got ${quote(fields[0])}`,
    );
  }
  if (retry !== undefined && !RETRY_REGEXP.test(retry)) {
    const expected = "milliseconds in digits";
    return makeFault(
      id,
      `expected "retry" to be ${expected}, got ${quote(retry)}`,
    );
  }
  if (topics?.isBroken) {
    const expected = "a list of texts";
    const got = quote(topics.list[0]);
    const text = `expected "topics" to be ${expected}, got ${got}`;
    return makeFault(id, text, topics.list);
  }
  const disconnect = values.get("disconnect");
  if (disconnect !== undefined && disconnect !== "true") {
    const text = `expected "disconnect" to be true, got ${quote(disconnect)}`;
    return makeFault(id, text, topics?.list);
  }
  const logged: LoggedEvent = {
    event: values.get("event"),
    data: values.get("data"),
    id,
    retry: retry === undefined ? undefined : Number(retry),
    comment: values.get("comment"),
    topics: topics?.list,
  };
  const conflationKey = values.get("conflationKey");
  if (conflationKey !== undefined) logged.conflationKey = conflationKey;
  if (disconnect !== undefined) logged.disconnect = true;
  return logged;
}

/**
 * Reads the field with the topics, which another program may have written. A value that
 * is not a list is one topic: otherwise an event with a topic would reach all clients.
 */
function readTopics(
  value: string | undefined,
): { list: readonly string[]; isBroken: boolean } | undefined {
  if (value === undefined) return undefined;
  // Most values that are not JSON end here, without a slow exception.
  if (!value.startsWith("[")) return { list: [value], isBroken: false };
  const list = parseJson(value);
  return isTexts(list)
    ? { list, isBroken: false }
    : { list: [value], isBroken: true };
}

/** Parses JSON of another program; `undefined` if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a value is a list of texts. */
export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) &&
    value.every((item) => typeof item === "string");
}

/** The bytes of an entry: two for each UTF-16 code unit of its fields. */
export function sizeOf(fields: readonly string[]): number {
  return fields.reduce((size, field) => size + 2 * field.length, 0);
}
