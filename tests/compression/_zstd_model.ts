// Copyright 2026 the Tidings authors. MIT license.

/**
 * A strict reader of zstd streams (RFC 8878), whole or so far: it finds the frames by
 * their blocks, since `zstdDecompressSync()` reads one frame.
 */

import { assert, assertEquals } from "@std/assert";
import * as zlib from "node:zlib";

const { zstdDecompressSync } = zlib as unknown as {
  zstdDecompressSync: (bytes: Uint8Array) => Uint8Array;
};

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** Magic number, descriptor and window. */
const HEADER_SIZE = 6;
const LAST_BLOCK = [1, 0, 0];
const RLE_BLOCK = 1;

/** One frame: where it begins and ends, and whether its last block is there. */
interface Frame {
  begin: number;
  end: number;
  isWhole: boolean;
}

/** Finds the frames of a stream. No block may be cut off. */
export function findZstdFrames(stream: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  let offset = 0;
  while (offset < stream.byteLength) {
    const begin = offset;
    assertEquals([...stream.subarray(begin, begin + 4)], MAGIC);
    // No checksum, no content size, no dictionary.
    assertEquals(stream[begin + 4], 0);
    offset += HEADER_SIZE;
    let isWhole = false;
    while (!isWhole && offset < stream.byteLength) {
      const [a = NaN, b = NaN, c = NaN] = stream.subarray(offset, offset + 3);
      const header = a | b << 8 | c << 16;
      isWhole = (header & 1) === 1;
      const size = (header >> 1 & 3) === RLE_BLOCK ? 1 : header >> 3;
      offset += 3 + size;
    }
    assert(offset <= stream.byteLength, "A block is cut off");
    frames.push({ begin, end: offset, isWhole });
  }
  return frames;
}

/** Reads a stream; all of its frames have to be whole, or all but the last. */
export function readZstdFrames(stream: Uint8Array, isWhole: boolean): string {
  const decoder = new TextDecoder();
  let text = "";
  const frames = findZstdFrames(stream);
  for (const [index, frame] of frames.entries()) {
    if (isWhole || index < frames.length - 1) {
      assert(frame.isWhole, "A frame has no end");
    }
    const bytes = stream.subarray(frame.begin, frame.end);
    const whole = frame.isWhole ? bytes : endFrame(bytes);
    text += decoder.decode(zstdDecompressSync(whole), { stream: true });
  }
  return text + decoder.decode();
}

function endFrame(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(bytes.byteLength + LAST_BLOCK.length);
  whole.set(bytes);
  whole.set(LAST_BLOCK, bytes.byteLength);
  return whole;
}
