// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks the replies of Redis: a client, a proxy or another program may give any value.
 * After a reply of another form, it is unknown whether the command was done.
 *
 * @module
 */

import type { EventLogState } from "../../_log/event_logs.ts";
import { quote } from "../../_validate.ts";
import { parseCursor } from "./cursors.ts";
import { type Entry, readEvent } from "./entries.ts";

const ID_REGEXP = /^\d{1,20}-\d{1,20}$/;

/** Reads the reply to `XRANGE` and `XREVRANGE`. */
export function readEntries(reply: unknown): Entry[] {
  if (!Array.isArray(reply)) throw makeReplyError("entries", reply);
  return reply.map((entry) => {
    // The form of this reply is the same in all versions of the protocol.
    const [id, fields] = Array.isArray(entry) ? entry : [];
    const isEntry = isId(id) && Array.isArray(fields) &&
      fields.every((field) => typeof field === "string");
    if (!isEntry) throw makeReplyError("an entry", entry);
    return { id, fields };
  });
}

/** Reads the reply to `XREAD`, in each form that clients give. */
export function readStreams(reply: unknown): Map<string, Entry[]> {
  if (isNothing(reply)) return new Map();
  if (typeof reply !== "object") throw makeReplyError("streams", reply);
  const pairs: unknown[] = Array.isArray(reply)
    // In the third version of the protocol it is a map. Some clients give a flat list.
    ? typeof reply[0] === "string" ? inPairs(reply) : reply
    : reply instanceof Map
    ? [...reply]
    : Object.entries(reply);
  return new Map(pairs.map((pair) => {
    const [key, entries] = Array.isArray(pair) ? pair : [];
    if (typeof key !== "string") throw makeReplyError("a stream", pair);
    return [key, readEntries(entries)];
  }));
}

/** Reads the reply to a script that returns the IDs of `count` events. */
export function readIds(reply: unknown, count: number): readonly string[] {
  const isList = Array.isArray(reply) && reply.length === count &&
    reply.every(isId);
  if (!isList) throw makeReplyError(`${count} IDs`, reply);
  return reply;
}

/** Reads the reply to a script that returns an ID. */
export function readId(reply: unknown): string {
  if (!isId(reply)) throw makeReplyError("an ID", reply);
  return reply;
}

/** Where the next page goes back from, and how many entries. */
export interface RewoundPage {
  readonly from: string;
  readonly left: number;
}

/** Reads the reply to the script that goes back: a cursor, nothing or a page. */
export function readRewound(reply: unknown): RewoundPage | string | undefined {
  if (isNothing(reply)) return undefined;
  if (typeof reply === "string" && parseCursor(reply)) return reply;
  const [from, left] = Array.isArray(reply) ? reply : [];
  if (isId(from) && Number.isSafeInteger(left)) return { from, left };
  throw makeReplyError("a cursor", reply);
}

/** The start of a claim: the ID of its first entry, and that of the one before. */
export interface ClaimStart {
  readonly start: string;
  /** `""` if there was none. */
  readonly before: string;
}

/** Reads the reply to the script that claims a name; `undefined` without a claim. */
export function readClaim(reply: unknown): ClaimStart | undefined {
  if (isNothing(reply)) return undefined;
  const [start, before] = Array.isArray(reply) ? reply : [];
  if (!isId(start) || (before !== "" && !isId(before))) {
    throw makeReplyError("two IDs", reply);
  }
  return { start, before };
}

/** Reads the value of a lease: the ID with which the claimed generation starts. */
export function readLease(reply: unknown): string | undefined {
  if (isNothing(reply)) return undefined;
  const [, start] = typeof reply === "string" ? reply.split(" ") : [];
  if (!isId(start)) throw makeReplyError("a lease", reply);
  return start;
}

/** Reads the reply to a script that writes for a claim: an ID or nothing. */
export function readWritten(reply: unknown): string | undefined {
  return isNothing(reply) ? undefined : readId(reply);
}

/** Reads the reply to the script that renews a claim. */
export function readRenewal(
  reply: unknown,
): "lost" | "whole" | "without last" {
  if (reply === 0) return "lost";
  if (reply === 1) return "whole";
  if (reply === 2) return "without last";
  throw makeReplyError("0, 1 or 2", reply);
}

/** Reads the reply to a script that returns 1 or 0. */
function readFlag(reply: unknown): boolean {
  if (reply !== 0 && reply !== 1) throw makeReplyError("1 or 0", reply);
  return reply === 1;
}

/** Reads the reply to the script that returns the state of a name. */
export function readState(reply: unknown): EventLogState {
  if (!Array.isArray(reply)) throw makeReplyError("a state", reply);
  const [claims, ...rest] = reply;
  const claimId = rest.find(isId);
  const [last] = readEntries(rest.filter((item) => !isId(item)));
  const state = {
    last: last && readEvent(last),
    isClaimed: readFlag(claims),
  };
  return claimId === undefined ? state : { ...state, claimId };
}

function isNothing(reply: unknown): reply is null | undefined {
  return reply === null || reply === undefined;
}

function isId(value: unknown): value is string {
  return typeof value === "string" && ID_REGEXP.test(value);
}

function inPairs(list: readonly unknown[]): [unknown, unknown][] {
  const pairs: [unknown, unknown][] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    pairs.push([list[i], list[i + 1]]);
  }
  return pairs;
}

function makeReplyError(expected: string, reply: unknown): Error {
  const got = Array.isArray(reply)
    ? `an array of ${reply.length}`
    : quote(reply);
  return new Error(
    `Cannot read the reply of Redis: expected ${expected}, got ${got}`,
  );
}
