// Copyright 2026 the Tidings authors. MIT license.

/**
 * The chunks that subscribers are given while they catch up, joined once for all
 * subscribers of a group at the same position.
 *
 * @module
 */

import type { Conflation } from "./conflation.ts";
import type { Group } from "./group.ts";
import { joinFrames, type SegmentLocation } from "./segment.ts";

/** A chunk of what a subscriber has missed. */
export interface CatchUpChunk {
  /** `undefined` if the subscriber gets none of the events. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  /** How many events the chunk holds. */
  readonly events: number;
  /** The position from which the subscriber reads on. */
  readonly end: number;
  /** Whether the last event of the chunk is the one before that position. */
  readonly isLast: boolean;
  /** Whether the subscriber's stream ends after the chunk. */
  readonly isFinal: boolean;
  /** The ID of the event after which it ends, if the chunk does not hold that. */
  readonly unsentId: string | undefined;
}

/** Bytes after which a chunk is full. */
const CHUNK_SIZE = 65_536;
/** Bytes of the chunks that are kept for other subscribers of the same groups. */
const MAX_BYTES = 2_097_152;
// What a chunk takes besides its bytes, roughly.
const CHUNK_OVERHEAD = 256;

/** Makes chunks of the frames of a segment, and keeps the latest. */
export class CatchUpChunks {
  /** By group, segment and position; the oldest first. */
  readonly #chunks = new Map<string, CatchUpChunk>();
  readonly #conflation: Conflation;
  #bytes = 0;

  /** @param conflation Leaves out events of which newer ones follow. */
  constructor(conflation: Conflation) {
    this.#conflation = conflation;
  }

  /**
   * Gives the subscribers of a group the next chunk after a location.
   *
   * @param to The position up to which the segment may be read.
   * @throws What a filter or `until` throws.
   */
  take(
    group: Group,
    { segment, position }: SegmentLocation,
    to: number,
  ): CatchUpChunk {
    const location = { segment, position };
    if (group.members.size < 2) return this.#make(group, location, to);
    const version = this.#conflation.versionOf(segment);
    const key = `${group.number} ${segment.number} ${position} ${version}`;
    let chunk = this.#chunks.get(key);
    if (chunk === undefined) {
      chunk = this.#make(group, location, to);
      this.#keep(key, chunk);
    }
    return chunk;
  }

  /** Drops all chunks. */
  clear(): void {
    this.#chunks.clear();
    this.#bytes = 0;
  }

  #make(
    group: Group,
    { segment, position }: SegmentLocation,
    to: number,
  ): CatchUpChunk {
    const { topics } = group;
    const { frames, end } = segment.slice(topics, position, to, CHUNK_SIZE);
    const { items: chosen, isFinal, unsentId } = group.choose(
      frames,
      ({ event }) => event,
    );
    const items = this.#conflation.leaveOut(
      group,
      chosen,
      isFinal ? undefined : { segment, position: end },
    );
    return {
      bytes: items.length === 0 ? undefined : joinFrames(items),
      events: items.length,
      end,
      isLast: items.at(-1)?.event.id === segment.cursorOf(end),
      isFinal,
      unsentId,
    };
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

function sizeOf({ bytes }: CatchUpChunk): number {
  return (bytes?.byteLength ?? 0) + CHUNK_OVERHEAD;
}
