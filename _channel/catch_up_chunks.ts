// Copyright 2026 the Tidings authors. MIT license.

/**
 * What several clients of a group have missed, joined once for all of them.
 *
 * @module
 */

import type { Group } from "./group.ts";
import { joinFrames, type SegmentLocation } from "./segment.ts";

/** What a client is given at once of what it has missed. */
export interface CatchUpChunk {
  /** `undefined` if none of it is for the client. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  /** How many events they are. */
  readonly events: number;
  /** The position from which the client goes on. */
  readonly end: number;
  /** Whether the last of the events is the one in front of that position. */
  readonly isLast: boolean;
  /** Whether the client's stream ends after it. */
  readonly isFinal: boolean;
}

/** Bytes after which a chunk of past events is full. */
const CHUNK_SIZE = 65_536;
/** Bytes of the chunks that are kept for the others of their groups. */
const MAX_BYTES = 2_097_152;
// What a chunk takes besides, roughly.
const CHUNK_OVERHEAD = 256;

/** Makes chunks of what is in a segment, and keeps some of them. */
export class CatchUpChunks {
  /** By group, segment and position; the oldest first. */
  readonly #chunks = new Map<string, CatchUpChunk>();
  #bytes = 0;

  /**
   * Gives what comes after a place for the clients of a group, as much as a chunk has.
   *
   * @param to The position of the segment, after the location, up to which it is given.
   * @throws What a filter or `until` throws.
   */
  take(
    group: Group,
    { segment, position }: SegmentLocation,
    to: number,
  ): CatchUpChunk {
    if (group.members.size < 2) return make(group, { segment, position }, to);
    const key = `${group.number} ${segment.number} ${position}`;
    let chunk = this.#chunks.get(key);
    if (chunk === undefined) {
      chunk = make(group, { segment, position }, to);
      this.#keep(key, chunk);
    }
    return chunk;
  }

  /** Drops all chunks. */
  clear(): void {
    this.#chunks.clear();
    this.#bytes = 0;
  }

  #keep(key: string, chunk: CatchUpChunk): void {
    this.#chunks.set(key, chunk);
    this.#bytes += sizeOf(chunk);
    for (const [oldest, other] of this.#chunks) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#chunks.delete(oldest);
      this.#bytes -= sizeOf(other);
    }
  }
}

function make(
  group: Group,
  { segment, position }: SegmentLocation,
  to: number,
): CatchUpChunk {
  const { frames, end } = segment.slice(group.topics, position, to, CHUNK_SIZE);
  const { items, isFinal } = group.choose(frames, ({ event }) => event);
  return {
    bytes: items.length === 0 ? undefined : joinFrames(items),
    events: items.length,
    end,
    isLast: items.at(-1)?.event.id === segment.cursorOf(end),
    isFinal,
  };
}

function sizeOf({ bytes }: CatchUpChunk): number {
  return (bytes?.byteLength ?? 0) + CHUNK_OVERHEAD;
}
