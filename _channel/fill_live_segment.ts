// Copyright 2026 the Tidings authors. MIT license.

/**
 * The end of a log, read before the first clients come back for it.
 *
 * @module
 */

import type { LogReader } from "./log_reader.ts";
import { type Frame, makeFrame, type Segment, sizeOf } from "./segment.ts";

/** Events from which is estimated how many the segment can hold. */
const SAMPLE = 128;
/** Events that are read at most. */
const MAX_EVENTS = 8192;
/** Bytes of events, as the log counts them, that one read gives. */
const SEGMENT_BYTES = 262_144;

/**
 * Fills a segment that holds nothing but its beginning with the events before that, as
 * many as there is room for.
 *
 * @param isNeeded Whether anybody still waits for it.
 */
export async function fillLiveSegment(
  segment: Segment,
  reader: LogReader,
  isNeeded: () => boolean,
): Promise<void> {
  const end = segment.beginCursor;
  let stretch = await readBefore(end, SAMPLE, reader, isNeeded);
  if (stretch === undefined) return;
  if (stretch.frames.length === SAMPLE) {
    const bytes = stretch.frames.reduce((sum, each) => sum + sizeOf(each), 0);
    const count = Math.floor(segment.maxBytes * SAMPLE / bytes);
    if (count > SAMPLE) {
      const wanted = Math.min(count, MAX_EVENTS);
      stretch = await readBefore(end, wanted, reader, isNeeded);
    }
  }
  // It may have moved on meanwhile.
  if (stretch === undefined || segment.beginCursor !== end) return;
  segment.prepend(stretch.frames, stretch.cursor);
}

/** Reads so many events before a cursor; `undefined` if that is not to be. */
async function readBefore(
  end: string,
  count: number,
  reader: LogReader,
  isNeeded: () => boolean,
): Promise<{ frames: Frame[]; cursor: string } | undefined> {
  const cursor = await reader.rewind(count, isNeeded);
  if (cursor === undefined) return undefined;
  const frames: Frame[] = [];
  for (let after = cursor; after !== end;) {
    const batch = await reader.read(
      after,
      { maxBytes: SEGMENT_BYTES },
      isNeeded,
    );
    if (!batch || batch.gap || batch.events.length === 0) return undefined;
    for (const event of batch.events) {
      frames.push(makeFrame(event));
      // What comes after that is in the segment, or will be.
      if (event.id === end) return { frames, cursor };
    }
    after = batch.cursor;
  }
  return { frames, cursor };
}
