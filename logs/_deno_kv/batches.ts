// Copyright 2026 the Tidings authors. MIT license.

/**
 * The layout of events in Deno KV. A value takes at most 64 KiB, so one entry holds as
 * many events as fit, and a larger event takes several entries.
 *
 * A batch is consecutive events. After the prefix, the key of an entry has the sequences
 * of the batch's last and first event, the number of the part that the entry holds, and
 * how many parts there are. So the first key from N on belongs to the batch with the
 * event N, or to the next one. The text of a batch has one line with a tag, then one line
 * of JSON for each event.
 *
 * @module
 */

import type { EventLogAppendOptions } from "../../_log/event_log.ts";
import type { TextEventInit } from "../../event.ts";
import { assertNoId } from "../_engine/assert_no_id.ts";
import type { EventLines } from "../_engine/epoch_reader.ts";
import { makeEventLine } from "../_engine/event_line.ts";
import type { KvEntry, KvKeyPart } from "./store.ts";
import { ENCODER } from "../../_platform_class.ts";

/** An event as it is written. */
export interface Line {
  readonly text: string;
  /** Bytes of UTF-8. */
  readonly size: number;
}

/** Consecutive events as they are read. */
export type KvBatch = EventLines;

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

/** The most bytes of JSON that an event may take. A commit of Deno KV takes 800 KiB. */
export const MAX_EVENT_SIZE = 524_288;
/** The most bytes of a value. */
const VALUE_SIZE = 65_536;
/** Bytes of the line with the tag. */
const TAG_SIZE = 64;

/** Made when it is needed: an import needs no `TextDecoder`. */
let decoder: TextDecoder | undefined;

/**
 * Makes the line of an event, and checks that it can be written.
 *
 * @throws {TypeError} If the event has an ID of its own.
 * @throws {RangeError} If it is too large.
 */
export function makeCheckedLine(
  event: TextEventInit,
  options: EventLogAppendOptions,
): Line {
  assertNoId(event);
  const text = makeEventLine(event, options);
  const line = { text, size: ENCODER.encode(text).length + 1 };
  if (line.size <= MAX_EVENT_SIZE) return line;
  throw new RangeError(
    `Cannot append event: expected at most ${MAX_EVENT_SIZE} bytes of JSON, got ${line.size}`,
  );
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
  if (!(value instanceof Uint8Array)) return false;
  decoder ??= new TextDecoder();
  return decoder.decode(value.subarray(0, tag.length + 1)) === `${tag}\n`;
}

/** Reads the numbers at the end of an entry's key. */
export function readKey(
  { key }: KvEntry,
): { first: number; last: number; part: number; parts: number } {
  // `checkStore` lets only keys of this form through.
  const [last, first, part, parts] = key.slice(-4) as number[] as [
    number,
    number,
    number,
    number,
  ];
  return { first, last, part, parts };
}

/** The key of an entry, in the type that the store takes. */
export function keyOf({ key }: KvEntry): readonly KvKeyPart[] {
  return key as readonly KvKeyPart[];
}

/**
 * Joins entries to batches. A batch that lacks a part is left out; one with a part that
 * another program has written has no lines.
 */
export async function* readBatches(
  entries: AsyncIterable<KvEntry>,
): AsyncGenerator<KvBatch, void> {
  let values: unknown[] = [];
  let current = 0;
  for await (const entry of entries) {
    const { first, last, part, parts } = readKey(entry);
    if (part === 0) {
      values = [];
      current = last;
    }
    if (last !== current || part !== values.length) continue;
    values.push(entry.value);
    if (values.length < parts) continue;
    const lines = values.every(isBytes)
      ? decode(values).split("\n").slice(1)
      : [];
    yield { first, last, lines };
  }
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function decode(values: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  const texts = values.map((value) => decoder.decode(value, { stream: true }));
  return texts.join("") + decoder.decode();
}
