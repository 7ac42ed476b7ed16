// Copyright 2026 the Tidings authors. MIT license.

/**
 * The Lua scripts for the log of a name, and the choice of its entries' IDs.
 *
 * Each claim starts a generation: an entry with the ID `T-0`, where T is the time in
 * milliseconds and later than that of all earlier entries. It is not an event; its one
 * field has the ID of the entry before it. The claim writes `T-1000000`, `T-2000000`, and
 * so on, or several of them as one entry under the last ID. Redis refuses an ID that is
 * not greater than all before it. So no event is written twice, and a write under an
 * earlier claim is refused without a look at the lease. Appends without the claim come
 * right after the last entry, between two IDs of the claim. So the IDs tell readers
 * whether an event is missing, and a claim can write entries that Redis has lost again
 * under the same IDs.
 *
 * @module
 */

import { BEFORE_FIELD, ID_STEP } from "./batches.ts";
import { FIND_REPEATED, START_FIELD } from "./entries.ts";

/** Sets when a key expires; an empty text is never. */
const SET_EXPIRY = `
local function expire(key, delay)
  if delay == '' then redis.call('PERSIST', key)
  else redis.call('PEXPIRE', key, delay) end
end
`;

/** Finds the last event of a stream. Few entries are not events. */
const FIND_LAST = `
local function find_last(key)
  local entry
  repeat
    local from = entry and '(' .. entry[1] or '+'
    entry = redis.call('XREVRANGE', key, from, '-', 'COUNT', 1)[1]
  until not entry or entry[2][1] ~= '${START_FIELD}'
  return entry
end
`;

/** Finds the last ID that a stream has given, even if its entry was deleted. */
const FIND_END = `
local function find_end(key)
  if redis.call('EXISTS', key) == 0 then return nil end
  local info = redis.call('XINFO', 'STREAM', key)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return info[i + 1] end
  end
end
`;

/**
 * Finds the ID with which the last claim's generation starts, whether the claim is held or
 * not, and the value of the lease, if there is one.
 */
const FIND_CLAIM = `${FIND_END}
local function find_claim(stream, lease)
  local value = redis.call('GET', lease)
  if value then return string.match(value, ' (%S+)$'), value end
  local top = find_end(stream)
  return top and string.match(top, '^%d+') .. '-0'
end
`;

/**
 * Returns whether a name is claimed (1 or 0); the last event of its stream, if there is
 * one: its ID, and its fields without the other events of its entry; and the ID of the
 * last claim, if the name is there.
 *
 * KEYS: the stream; the lease.
 */
export const INSPECT_SCRIPT = `${FIND_LAST}${FIND_CLAIM}
local reply = {redis.call('EXISTS', KEYS[2])}
local last = find_last(KEYS[1])
if last then
  local fields = {}
  for i = 1, #last[2], 2 do
    if last[2][i] == '${BEFORE_FIELD}' then break end
    fields[i], fields[i + 1] = last[2][i], last[2][i + 1]
  end
  reply[#reply + 1] = {last[1], fields}
end
reply[#reply + 1] = find_claim(KEYS[1], KEYS[2])
return reply
`;

/**
 * Claims a name. Returns the ID of the entry that starts its generation and that of the
 * entry before it, or nothing. A repeated claim with the same token is the same claim.
 *
 * KEYS: the stream; the lease; the last writes of writers.
 * ARGV: a token; the lease's milliseconds; milliseconds until the name expires, empty for
 * never; the ID of the last event, empty for none; whether to replace, empty if not; the
 * ID of the claim to take the place of, empty for none; the fields of an event to add, if
 * there is one.
 */
export const CLAIM_SCRIPT = `${SET_EXPIRY}${FIND_LAST}${FIND_CLAIM}
local claim, lease = find_claim(KEYS[1], KEYS[2])
if lease and string.match(lease, '^%S+') == ARGV[1] then
  local start = redis.call('XRANGE', KEYS[1], claim, claim)[1]
  return {claim, start and start[2][2] or ''}
end
if ARGV[6] ~= '' then
  if claim ~= ARGV[6] then return false end
else
  local last = find_last(KEYS[1])
  if lease or (last and last[1] or '') ~= ARGV[4] then return false end
end
local top = find_end(KEYS[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if top then now = math.max(now, string.match(top, '^%d+') + 1) end
if ARGV[5] ~= '' then
  redis.call('DEL', KEYS[1])
  top = nil
end
local id = string.format('%.0f', now) .. '-0'
redis.call('XADD', KEYS[1], id, '${START_FIELD}', top or '')
if #ARGV > 6 then
  local first = string.format('%.0f', now) .. '-${ID_STEP}'
  redis.call('XADD', KEYS[1], first, unpack(ARGV, 7))
end
redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. id, 'PX', ARGV[2])
expire(KEYS[1], ARGV[3])
expire(KEYS[3], ARGV[3])
return {id, top or ''}
`;

/**
 * Writes an entry of a claim, if its last one is there, and returns the ID. It returns
 * nothing if the last one is lost, and fails if there is a later entry. It is short, since
 * each write sends it.
 *
 * KEYS: the stream. ARGV: the ID of the claim's last entry; that of the new one; its
 * fields.
 */
export const WRITE_SCRIPT = `
if not redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1] then return false end
return redis.pcall('XADD', KEYS[1], unpack(ARGV, 2))
`;

/**
 * Writes entries of a claim again that Redis has lost, if the stream ends where the caller
 * expects. Returns the ID with which the stream ends then, or nothing if the claim is
 * lost. If Redis has lost the whole generation, the script writes its first entry again.
 *
 * A restored stream may have old events that the claim had replaced. Then the generation
 * has no entry before it, and the script deletes the old events.
 *
 * KEYS: the stream; the lease; the last writes of writers.
 * ARGV: the value of the lease; the time of the generation; the ID of the entry before it,
 * empty for none; milliseconds until the name expires, empty for never; the ID with which
 * the stream ends as far as the caller knows, empty if it does not know; for each entry the length
 * of its fields, its ID, and those.
 */
export const REWRITE_SCRIPT = `${SET_EXPIRY}${FIND_END}
local lease = redis.call('GET', KEYS[2])
if lease and lease ~= ARGV[1] then return false end
local last = find_end(KEYS[1])
local time = last and tonumber(string.match(last, '^%d+'))
local own = tonumber(ARGV[2])
if not time or time > own then return false end
if time < own then
  if ARGV[3] == '' then redis.call('DEL', KEYS[1]) end
  last = ARGV[2] .. '-0'
  redis.call('XADD', KEYS[1], last, '${START_FIELD}', ARGV[3])
  expire(KEYS[1], ARGV[4])
  expire(KEYS[3], ARGV[4])
end
if last ~= ARGV[5] then return last end
local i = 6
while i <= #ARGV do
  local value = i + 1 + tonumber(ARGV[i])
  last = redis.call('XADD', KEYS[1], unpack(ARGV, i + 1, value))
  i = value + 1
end
return last
`;

/**
 * Renews the lease of a claim. Returns 0 if the claim is lost, 1 if it is not, and 2 if it
 * is not, but its last entry is lost.
 *
 * KEYS: the stream; the lease.
 * ARGV: the value of the lease; its milliseconds; the time of its generation; the ID of
 * the claim's last entry.
 */
export const RENEW_SCRIPT = `${FIND_END}
local lease = redis.call('GET', KEYS[2])
if lease and lease ~= ARGV[1] then return 0 end
local last = find_end(KEYS[1])
local time = last and tonumber(string.match(last, '^%d+'))
if not time or time > tonumber(ARGV[3]) then
  redis.call('DEL', KEYS[2])
  return 0
end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then left = tonumber(ARGV[2]) end
redis.call('SET', KEYS[2], ARGV[1], 'PX', math.min(ARGV[2], math.max(left, 1)))
return redis.call('XRANGE', KEYS[1], ARGV[4], ARGV[4])[1] and 1 or 2
`;

/**
 * Releases a claim.
 *
 * KEYS: the lease. ARGV: its value.
 */
export const RELEASE_SCRIPT = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
`;

/**
 * Lets a name expire.
 *
 * KEYS: the stream; the lease; the last writes of writers.
 * ARGV: milliseconds; the ID of the claim that must be the last one, empty for any.
 */
export const EXPIRE_SCRIPT = `${FIND_CLAIM}
if ARGV[2] ~= '' and find_claim(KEYS[1], KEYS[2]) ~= ARGV[2] then return end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[3], ARGV[1])
if redis.call('PTTL', KEYS[2]) > tonumber(ARGV[1]) then
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
`;

/**
 * Adds events without a claim after the last entry, and returns their IDs. A writer that
 * repeats a write with an unknown outcome gets the IDs of the first time. Once a writer has
 * started the next write, an earlier one that arrives late is refused.
 *
 * KEYS: the stream; the last writes of writers.
 * ARGV: the writer; the number of its write; milliseconds until the name expires, empty for
 * never; for each event the length of its fields, and those.
 */
export const APPEND_SCRIPT = `${SET_EXPIRY}${FIND_END}${FIND_REPEATED}
local repeated = find_repeated(redis.call('HGET', KEYS[2], ARGV[1]), ARGV[2])
if repeated then return repeated end
local top = find_end(KEYS[1])
  or redis.call('XADD', KEYS[1], '*', '${START_FIELD}', '')
local time, sequence = string.match(top, '^(%d+)%-(%d+)$')
local ids = {}
local i = 4
while i <= #ARGV do
  local last = i + tonumber(ARGV[i])
  sequence = sequence + 1
  if sequence % ${ID_STEP} == 0 then sequence = sequence + 1 end
  local id = time .. '-' .. string.format('%.0f', sequence)
  ids[#ids + 1] = redis.call('XADD', KEYS[1], id, unpack(ARGV, i + 1, last))
  i = last + 1
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2] .. ' ' .. table.concat(ids, ' '))
expire(KEYS[1], ARGV[3])
expire(KEYS[2], ARGV[3])
return ids
`;
