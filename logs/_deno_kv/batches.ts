// Copyright 2026 the Tidings authors. MIT license.

/**
 * How events are laid out in Deno KV. A value takes 64 KiB at most, so one entry
 * holds as many events as fit, and an event that does not fit takes several.
 *
 * A batch is a run of events. Its key tells all that is needed to find it: after the
 * prefix come the sequences of its last and its first event, and which of how many
 * parts of it the entry holds. Thus the first key from N on is in the first batch
 * that has the event N or a later one. Its text has one line with a tag, and one with
 * the JSON of each event.
 *
 * @module
 */

import type { LoggedEvent } from "../../_log/event_log.ts";
import type { ServerSentEventInit, TextEventInit } from "../../event.ts";
import type { KvEntry, KvKeyPart } from "./store.ts";
import { assertNoId } from "../_engine/assert_no_id.ts";

/** An event as it is written. */
export interface Line {
  readonly text: string;
  /** Bytes of UTF-8. */
  readonly size: number;
}

/** A run of events as it is read. */
export interface KvBatch {
  readonly first: number;
  readonly last: number;
  readonly lines: readonly string[];
}

/** An entry to be written; its key is what comes after the prefix. */
export interface BatchPart {
  readonly key: readonly [
    last: number,
    first: number,
    part: number,
    parts: number,
  ];
  readonly value: Uint8Array;
}

/** Bytes of JSON that an event may take. A commit of Deno KV takes 800 KiB. */
export const MAX_EVENT_SIZE = 524_288;
/** Bytes that Deno KV takes as a value. */
const VALUE_SIZE = 65_536;
/** Bytes for the tag's line. */
const TAG_SIZE = 64;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Makes the line of an event. Its ID is where it stands. */
export function makeLine(
  { event, data, retry, comment }: ServerSentEventInit,
  topics: readonly string[] | undefined,
): Line {
  const text = JSON.stringify({ event, data, retry, comment, topics });
  return { text, size: ENCODER.encode(text).length + 1 };
}

/**
 * Makes the line of an event that may be written.
 *
 * @throws {TypeError} If the event has an ID of its own.
 * @throws {RangeError} If it is too large.
 */
export function makeCheckedLine(
  event: TextEventInit,
  topics: readonly string[] | undefined,
): Line {
  assertNoId(event);
  const line = makeLine(event, topics);
  if (line.size <= MAX_EVENT_SIZE) return line;
  throw new RangeError(
    `Cannot append event: it takes ${line.size} bytes, at most ${MAX_EVENT_SIZE} are wanted`,
  );
}

/** Reads the line of an event. */
export function readLine(text: string, id: string): LoggedEvent {
  const { event, data, retry, comment, topics }: Omit<LoggedEvent, "id"> = JSON
    .parse(text);
  return { event, data, id, retry, comment, topics };
}

/**
 * Makes the entries for events, all with the same tag.
 *
 * @param tag Text of at most 63 ASCII characters, without a line feed.
 * @param lines The events.
 * @param first The sequence of the first of them.
 */
export function makeBatchParts(
  tag: string,
  lines: readonly Line[],
  first: number,
): BatchPart[] {
  const entries: BatchPart[] = [];
  for (let begin = 0; begin < lines.length;) {
    let end = begin;
    let size = TAG_SIZE;
    do size += lines[end++]!.size; while (
      end < lines.length && size + lines[end]!.size <= VALUE_SIZE
    );
    const texts = lines.slice(begin, end).map(({ text }) => text);
    const bytes = ENCODER.encode([tag, ...texts].join("\n"));
    const parts = Math.ceil(bytes.length / VALUE_SIZE);
    for (let part = 0; part < parts; part++) {
      const value = bytes.slice(part * VALUE_SIZE, (part + 1) * VALUE_SIZE);
      const key = [first + end - 1, first + begin, part, parts] as const;
      entries.push({ key, value });
    }
    begin = end;
  }
  return entries;
}

/** Whether an entry holds the beginning of a batch with this tag. */
export function hasTag({ value }: KvEntry, tag: string): boolean {
  return value instanceof Uint8Array &&
    DECODER.decode(value.subarray(0, tag.length + 1)) === `${tag}\n`;
}

/** The sequences that the key of an entry tells, at the end of the key. */
export function readKey(
  { key }: KvEntry,
): { first: number; last: number; part: number; parts: number } {
  // The prefix under which the entry was found has keys of this form only.
  const [last, first, part, parts] = key.slice(-4) as number[] as [
    number,
    number,
    number,
    number,
  ];
  return { first, last, part, parts };
}

/** The key of an entry, as it is handed back to the store. */
export function keyOf({ key }: KvEntry): readonly KvKeyPart[] {
  return key as readonly KvKeyPart[];
}

/** Joins entries to batches. One that lacks a part is left out. */
export async function* readBatches(
  entries: AsyncIterable<KvEntry>,
): AsyncGenerator<KvBatch, void> {
  let values: Uint8Array[] = [];
  let current = 0;
  for await (const entry of entries) {
    const { first, last, part, parts } = readKey(entry);
    if (part === 0) {
      values = [];
      current = last;
    }
    if (last !== current || part !== values.length) continue;
    // Only `makeBatchParts` writes here.
    values.push(entry.value as Uint8Array);
    if (values.length < parts) continue;
    yield { first, last, lines: decode(values).split("\n").slice(1) };
  }
}

function decode(values: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  const texts = values.map((value) => decoder.decode(value, { stream: true }));
  return texts.join("") + decoder.decode();
}
