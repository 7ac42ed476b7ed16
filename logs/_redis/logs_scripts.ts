// Copyright 2026 the Tidings authors. MIT license.

/**
 * What is done in Redis in one step for the log of a name, and how the IDs of its
 * entries are chosen.
 *
 * Each claim begins a generation: an entry with the ID `T-0`, where T is the time in
 * milliseconds and later than that of any entry before. It is no event, and its one
 * field tells the entry before it. The holder of the claim writes `T-1000000`,
 * `T-2000000`, and so on, or several of them as the entry of the last. Redis takes no ID
 * that is not greater than all before it, so that an event is never written twice, and a
 * holder whose name was claimed by others is refused, without a look at the claim. Others
 * write right after the last entry, between two IDs of the holder.
 *
 * @module
 */

import { BEFORE_FIELD, STRIDE } from "./packs.ts";

/** The field of an entry that begins a generation. Its value is the ID of the entry before. */
export const START_FIELD = "start";

/** Sets when keys are gone; an empty text is never. */
const SET_EXPIRY = `
local function expire(key, delay)
  if delay == '' then redis.call('PERSIST', key)
  else redis.call('PEXPIRE', key, delay) end
end
`;

/** Finds the last event of a stream, and the last entry. Those that are no events are few. */
const FIND_LAST = `
local function find_last(key)
  local entry, top
  repeat
    local from = entry and '(' .. entry[1] or '+'
    entry = redis.call('XREVRANGE', key, from, '-', 'COUNT', 1)[1]
    top = top or entry and entry[1]
  until not entry or entry[2][1] ~= '${START_FIELD}'
  return entry, top
end
`;

/**
 * Tells whether a name is claimed (1 or 0), and the last event of its stream, if there
 * is one: its ID, and its fields without those of the events that were added with it.
 *
 * KEYS: the stream; the lease.
 */
export const INSPECT_SCRIPT = `${FIND_LAST}
local reply = {redis.call('EXISTS', KEYS[2])}
local last = find_last(KEYS[1])
if last then
  local fields = {}
  for i = 1, #last[2], 2 do
    if last[2][i] == '${BEFORE_FIELD}' then break end
    fields[i], fields[i + 1] = last[2][i], last[2][i + 1]
  end
  reply[2] = {last[1], fields}
end
return reply
`;

/**
 * Claims a name. Gives the ID of the entry that begins its generation, or nothing. The
 * same token claims it once, however often it is tried.
 *
 * KEYS: the stream; the lease; what is known of writers.
 * ARGV: a token; the lease's milliseconds; milliseconds until all is gone, empty for
 * ever; the ID of the last event, empty for none; whether to replace, empty if not; the
 * fields of an event to add, if there is one.
 */
export const CLAIM_SCRIPT = `${SET_EXPIRY}${FIND_LAST}
local lease = redis.call('GET', KEYS[2])
if lease then
  local token, id = string.match(lease, '^(%S+) (%S+)$')
  return token == ARGV[1] and id
end
local last, top = find_last(KEYS[1])
if (last and last[1] or '') ~= ARGV[4] then return false end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if top then now = math.max(now, string.match(top, '^%d+') + 1) end
if ARGV[5] ~= '' then
  redis.call('DEL', KEYS[1])
  top = nil
end
local id = string.format('%.0f', now) .. '-0'
redis.call('XADD', KEYS[1], id, '${START_FIELD}', top or '')
if #ARGV > 5 then
  local first = string.format('%.0f', now) .. '-${STRIDE}'
  redis.call('XADD', KEYS[1], first, unpack(ARGV, 6))
end
redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. id, 'PX', ARGV[2])
expire(KEYS[1], ARGV[3])
expire(KEYS[3], ARGV[3])
return id
`;

/**
 * Begins the lease of a claim anew, and tells whether it is held.
 *
 * KEYS: the stream; the lease.
 * ARGV: what the lease holds; its milliseconds; what the IDs of its generation begin with.
 */
export const RENEW_SCRIPT = `
local lease = redis.call('GET', KEYS[2])
if lease and lease ~= ARGV[1] then return 0 end
local top = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not top or string.match(top[1], '^%d+-') ~= ARGV[3] then
  redis.call('DEL', KEYS[2])
  return 0
end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then left = tonumber(ARGV[2]) end
redis.call('SET', KEYS[2], ARGV[1], 'PX', math.min(ARGV[2], math.max(left, 1)))
return 1
`;

/**
 * Gives a name free.
 *
 * KEYS: the lease. ARGV: what it holds.
 */
export const RELEASE_SCRIPT = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
`;

/**
 * Lets a name expire.
 *
 * KEYS: the stream; the lease; what is known of writers. ARGV: milliseconds.
 */
export const EXPIRE_SCRIPT = `
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[3], ARGV[1])
if redis.call('PTTL', KEYS[2]) > tonumber(ARGV[1]) then
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
`;

/**
 * Adds events of anybody after the last entry, and gives their IDs. A writer that
 * repeats a write, since it does not know what became of it, gets the IDs of the first
 * time; and one that has gone on to the next write does not get an earlier one done.
 *
 * KEYS: the stream; what is known of writers.
 * ARGV: the writer; the number of its write; milliseconds until all is gone, empty for
 * ever; for each event the length of its fields, and those.
 */
export const APPEND_SCRIPT = `${SET_EXPIRY}
local known = redis.call('HGET', KEYS[2], ARGV[1])
if known then
  local number = tonumber(string.match(known, '^%d+'))
  if number > tonumber(ARGV[2]) then
    return redis.error_reply('ERR the write was given up')
  elseif number == tonumber(ARGV[2]) then
    local ids = {}
    for id in string.gmatch(known, '%d+%-%d+') do ids[#ids + 1] = id end
    return ids
  end
end
local top = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
top = top and top[1] or redis.call('XADD', KEYS[1], '*', '${START_FIELD}', '')
local time, sequence = string.match(top, '^(%d+)%-(%d+)$')
local ids = {}
local i = 4
while i <= #ARGV do
  local last = i + tonumber(ARGV[i])
  sequence = sequence + 1
  if sequence % ${STRIDE} == 0 then sequence = sequence + 1 end
  local id = time .. '-' .. string.format('%.0f', sequence)
  ids[#ids + 1] = redis.call('XADD', KEYS[1], id, unpack(ARGV, i + 1, last))
  i = last + 1
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2] .. ' ' .. table.concat(ids, ' '))
expire(KEYS[1], ARGV[3])
expire(KEYS[2], ARGV[3])
return ids
`;
