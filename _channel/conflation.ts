// Copyright 2026 the Tidings authors. MIT license.

/**
 * Leaves out events of which newer ones with the same conflation key follow, for
 * subscribers that catch up. `CatchUpChunks` asks it about each chunk.
 *
 * @module
 */

import type { CatchUp } from "./catch_up.ts";
import type { Group } from "./group.ts";
import type { LogFeed } from "./log_feed.ts";
import type { Frame, Segment, SegmentLocation } from "./segment.ts";
import type { LoggedEvent } from "../log.ts";

/** A part of a segment. */
interface SegmentPart {
  readonly segment: Segment;
  /** The position before its first frame. */
  readonly from: number;
  /** The position after its last frame. */
  readonly to: number;
}

/** Bytes of segments after which nothing more is read ahead of one. */
const MAX_BYTES_AHEAD = 8_388_608;

/** Looks for newer events in what a channel has in memory of its log. */
export class Conflation {
  readonly #feed: LogFeed;
  readonly #catchUp: CatchUp;

  /**
   * @param feed Has the live segment.
   * @param catchUp Has the segments that were read lately.
   */
  constructor(feed: LogFeed, catchUp: CatchUp) {
    this.#feed = feed;
    this.#catchUp = catchUp;
  }

  /**
   * Gives a text for a segment that changes when newer events may have come for its keys:
   * what was chosen of the segment before is then chosen again.
   */
  versionOf({ keyedEnd }: Segment): string {
    if (keyedEnd === 0) return "";
    return `${this.#feed.liveSegment.keyedEnd} ${this.#catchUp.segmentsRead}`;
  }

  /**
   * Leaves out the events of a chunk of which newer ones follow for the group: in the chunk,
   * or in memory after it.
   *
   * @param frames What the group gets of the chunk.
   * @param end The location after the chunk; `undefined` if nothing follows it.
   */
  leaveOut(
    group: Group,
    frames: readonly Frame[],
    end: SegmentLocation | undefined,
  ): readonly Frame[] {
    if (frames.every(({ event }) => event.conflationKey === undefined)) {
      return frames;
    }
    const ahead = end && new Ahead(group, () => this.#partsAfter(group, end));
    const keys = new Set<string>();
    const kept: Frame[] = [];
    for (const frame of frames.toReversed()) {
      const { event } = frame;
      const { conflationKey: key } = event;
      if (key !== undefined) {
        if (keys.has(key) || ahead?.replaces(event, key)) continue;
      }
      // The filter was asked about events ahead. It may have changed the topics of the set, so
      // that this event is no longer for the group.
      if (group.topicSet !== undefined && !group.hasTopics(event)) continue;
      if (key !== undefined) keys.add(key);
      kept.push(frame);
    }
    return kept.reverse();
  }

  /**
   * Begins to look for where the log has to be read on, so that what may be newer than the
   * events of a segment is in memory.
   *
   * @returns Finds the next cursor to read after; `undefined` once nothing has to be read,
   * or enough was.
   */
  lookAhead(segment: Segment): () => string | undefined {
    const { liveSegment } = this.#feed;
    let last = segment;
    let bytes = 0;
    return () => {
      for (const next of this.#walk({ segment: last, position: last.end })) {
        if (next.segment === liveSegment) {
          // Subscribers come to the live segment in any case, even if what is in between is
          // not in memory.
          if (next.isNext || hasKeysOf(next, segment)) return undefined;
        } else if (next.segment !== last) {
          last = next.segment;
          bytes += last.bytes;
        }
      }
      return bytes > MAX_BYTES_AHEAD ? undefined : last.endCursor;
    };
  }

  /**
   * Finds the parts of memory that the group's subscribers are sure to come to, the newest
   * first, since it has most of the keys.
   */
  #partsAfter(group: Group, location: SegmentLocation): SegmentPart[] {
    const parts: SegmentPart[] = [];
    for (const { segment, position: from, isNext } of this.#walk(location)) {
      // `until` may name one of the events in between, which are not in memory. Then the
      // subscribers never come to this part.
      if (!isNext && group.mayEnd) break;
      const last = group.findEnd(segment, from);
      parts.push({ segment, from, to: last ?? segment.end });
      if (last !== undefined) break;
    }
    return parts.reverse();
  }

  /** Visits what is in memory from a location on: segments that follow one another. */
  *#walk(location: SegmentLocation): Iterable<
    SegmentLocation & { readonly isNext: boolean }
  > {
    const { liveSegment } = this.#feed;
    let next: SegmentLocation | undefined = location;
    let last = location.segment;
    const visited = new Set<Segment>();
    for (; next !== undefined; next = this.#find(last.endCursor)) {
      // If an application gives an ID a second time, segments can follow each other in a
      // circle, and the walk would not end.
      if (visited.has(next.segment)) return;
      visited.add(next.segment);
      yield { ...next, isNext: true };
      last = next.segment;
      if (last === liveSegment) return;
    }
    const { begin, end } = liveSegment;
    if (begin === end) return;
    const isLater = this.#feed.isAfter(
      liveSegment.eventAt(begin).id,
      last.endCursor,
    );
    if (isLater) yield { segment: liveSegment, position: begin, isNext: false };
  }

  #find(cursor: string): SegmentLocation | undefined {
    return this.#feed.liveSegment.locate(cursor) ?? this.#catchUp.find(cursor);
  }
}

/** What lies ahead of a chunk. */
class Ahead {
  readonly #group: Group;
  readonly #findParts: () => readonly SegmentPart[];
  /** Set when it is first needed. */
  #parts: readonly SegmentPart[] | undefined;
  /** The newest event that the group gets, by key; `undefined` if there is none. */
  readonly #newest = new Map<string, LoggedEvent | undefined>();

  constructor(group: Group, findParts: () => readonly SegmentPart[]) {
    this.#group = group;
    this.#findParts = findParts;
  }

  /** Whether a newer event of the same key follows, and takes the place of an event. */
  replaces({ topics }: LoggedEvent, key: string): boolean {
    if (!this.#newest.has(key)) this.#newest.set(key, this.#findNewest(key));
    const newer = this.#newest.get(key);
    if (newer === undefined) return false;
    // Topics of the set may be removed before the newer event is handed out, and the client
    // would get neither event. That cannot happen if the newer one has all of the topics.
    return this.#group.topicSet === undefined || newer.topics === undefined ||
      topics?.every((topic) => newer.topics?.includes(topic)) === true;
  }

  #findNewest(key: string): LoggedEvent | undefined {
    try {
      this.#parts ??= this.#findParts();
      for (const { segment, from, to } of this.#parts) {
        for (const position of segment.selectKey(key, from, to).toReversed()) {
          const event = segment.eventAt(position);
          if (this.#group.hasTopics(event) && this.#group.accepts(event)) {
            return event;
          }
        }
      }
    } catch {
      // A filter or `until` has thrown. It is called again when the subscriber comes there,
      // and its stream ends then.
    }
    return undefined;
  }
}

/** Whether a segment has, from a position on, all conflation keys of another one. */
function hasKeysOf(
  { segment, position }: SegmentLocation,
  { keys }: Segment,
): boolean {
  for (const key of keys) {
    const found = segment.selectKey(key, position, segment.end);
    if (found.length === 0) return false;
  }
  return true;
}
