// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the end of a log into the live segment when a channel begins to follow it, so
 * that clients that reconnect after a restart find their cursors in memory.
 *
 * @module
 */

import type { LogReader } from "./log_reader.ts";
import type { MakeFrame } from "./make_frame.ts";
import { type Frame, type Segment, sizeOf } from "./segment.ts";

/** Events from which the number that the live segment can hold is estimated. */
const SAMPLE = 128;
/** The most events that are read. */
const MAX_EVENTS = 8192;
/** Bytes of events, as the log counts them, that one reading gives. */
const SEGMENT_BYTES = 262_144;

/**
 * Adds the newest events of the log to an empty segment, as many as fit.
 *
 * @param segment A segment that has no frame before its first cursor.
 * @param reader Reads from the log.
 * @param makeFrame Encodes events.
 * @param isNeeded Whether the channel is still open.
 */
export async function fillLiveSegment(
  segment: Segment,
  reader: LogReader,
  makeFrame: MakeFrame,
  isNeeded: () => boolean,
): Promise<void> {
  const end = segment.beginCursor;
  let stretch = await readBefore(end, SAMPLE, reader, makeFrame, isNeeded);
  if (stretch === undefined) return;
  if (stretch.frames.length === SAMPLE) {
    const bytes = stretch.frames.reduce((sum, each) => sum + sizeOf(each), 0);
    const count = Math.floor(segment.maxBytes * SAMPLE / bytes);
    if (count > SAMPLE) {
      const limit = Math.min(count, MAX_EVENTS);
      stretch = await readBefore(end, limit, reader, makeFrame, isNeeded);
    }
  }
  // Frames may have been dropped, or the segment restarted, while the log was read.
  if (stretch === undefined || segment.beginCursor !== end) return;
  segment.prepend(stretch.frames, stretch.cursor);
}

/**
 * Reads a number of events before a cursor; `undefined` if they are not all there, or not
 * needed.
 */
async function readBefore(
  end: string,
  count: number,
  reader: LogReader,
  makeFrame: MakeFrame,
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
      // Later events are in the segment already, or come from the follower.
      if (event.id === end) return { frames, cursor };
    }
    after = batch.cursor;
  }
  return { frames, cursor };
}
