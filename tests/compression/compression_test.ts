// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { gunzipSync, gzipSync } from "node:zlib";
import { joinCrc32, splitCrc32 } from "../../compression/_crc32.ts";
import { makeTrailer } from "../../compression/_gzip_format.ts";
import { gzip } from "../../compression/mod.ts";
import { CODEC, type WindowChunk } from "../../_server/compression.ts";
import {
  drawEvent,
  join,
  readByPlatform,
  readSoFar,
  readWhole,
} from "./_gzip_model.ts";
import { Reader } from "./_window_model.ts";
import { checkProperty } from "../support/random.ts";

const encoder = new TextEncoder();

Deno.test("gzip() throws if maxUnshared is not an integer of at least 0 or Infinity", () => {
  for (const maxUnshared of [-1, 1.5, NaN]) {
    assertThrows(() => gzip({ maxUnshared }), RangeError, '"maxUnshared"');
  }
});

/** What zlib writes into a trailer. */
function crc32(bytes: Uint8Array): number {
  const stream = gzipSync(bytes);
  return new DataView(stream.buffer, stream.byteOffset).getUint32(
    stream.byteLength - 8,
    true,
  );
}

Deno.test("joinCrc32() and splitCrc32() agree with the checksum of the whole", () => {
  checkProperty(50, (random) => {
    const first = encoder.encode(drawEvent(random, 1));
    const second = encoder.encode(drawEvent(random, 2));
    const both = join([first, second]);
    const [a, b, c] = [first, second, both].map((part) => crc32(part)) as [
      number,
      number,
      number,
    ];
    assertEquals(c, crc32(both));
    assertEquals(joinCrc32(a, b, second.byteLength), c);
    assertEquals(splitCrc32(a, c, second.byteLength), b);
  });
});

Deno.test("joinCrc32() and the trailer know streams of more than 4 GiB", () => {
  // So many zeros, doubled again and again.
  let crc = crc32(new Uint8Array(1));
  let length = 1;
  while (length < 2 ** 40) {
    crc = joinCrc32(crc, crc, length);
    length *= 2;
  }
  const one = crc32(new Uint8Array(1));
  assertEquals(joinCrc32(one, crc, length), joinCrc32(crc, one, 1));
  const view = new DataView(makeTrailer(crc, length + 5).buffer);
  assertEquals(view.getUint32(view.byteLength - 8, true), crc);
  assertEquals(view.getUint32(view.byteLength - 4, true), 5);
});

const EVENT =
  'data: {"id":"chatcmpl-123","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":" the"}}]}\n\n';

Deno.test("openStream() begins with a header and ends with a trailer, whatever is between", async () => {
  for (const texts of [[], [":\n\n"], ["a".repeat(200_000), EVENT, ""]]) {
    const reader = new Reader(gzip()[CODEC].openStream());
    for (const text of texts) reader.take(text);
    reader.end();
    assertEquals(readWhole(reader.chunks), texts.join(""));
    assertEquals(await readByPlatform(reader.chunks), texts.join(""));
  }
});

Deno.test("encode() gives each chunk at once and whole", () => {
  const reader = new Reader(gzip()[CODEC].openStream());
  for (let i = 0; i < 50; i++) {
    reader.take(i % 2 === 0 ? EVENT : `data: ${i}\n\n`);
    assertEquals(readSoFar(reader.chunks), reader.text);
  }
});

Deno.test("encode() never makes a chunk longer than its bytes and the heads of its blocks", () => {
  const reader = new Reader(gzip()[CODEC].openStream());
  reader.take("");
  for (const size of [0, 1, 63, 64, 1000, 65_535, 65_536, 300_000]) {
    const bytes = crypto.getRandomValues(
      new Uint8Array(Math.min(size, 65_536)),
    );
    const text = [...bytes].map((byte) => String.fromCharCode(byte & 0x7f));
    reader.take(text.join(""));
    const most = bytes.length + 5 * Math.ceil(bytes.length / 65_535);
    assert(reader.latest <= most, `${reader.latest} for ${bytes.length}`);
  }
  reader.end();
  assertEquals(readWhole(reader.chunks), reader.text);
});

Deno.test("encodeShared() gives all clients of a window the same bytes, which refer to what they had before", () => {
  const compression = gzip()[CODEC];
  const window = compression.openWindow();
  const readers = [1, 2, 3].map(() => new Reader(compression.openStream()));
  for (let round = 0; round < 100; round++) {
    const text = EVENT.replace("the", `${round}`);
    const chunk = window.add(encoder.encode(text));
    for (const reader of readers) reader.takeShared(chunk, text);
    if (round > 0) {
      for (const { chunks } of readers) {
        assert(chunks.at(-1) === readers[0]!.chunks.at(-1));
      }
    }
    if (round > 2) assert(readers[0]!.latest < EVENT.length / 5);
  }
  window.close();
  for (const reader of readers) {
    reader.end();
    assertEquals(readWhole(reader.chunks), reader.text);
  }
});

Deno.test("encodeShared() gives a newcomer what it can read, until it has as much as the window holds", () => {
  const compression = gzip({ windowBits: 10 })[CODEC];
  const window = compression.openWindow();
  const early = [1, 2].map(() => new Reader(compression.openStream()));
  const late = new Reader(compression.openStream());
  const isShared: boolean[] = [];
  for (let round = 0; round < 40; round++) {
    const chunk = window.add(encoder.encode(EVENT));
    const readers = round < 10 ? early : [...early, late];
    for (const reader of readers) {
      reader.takeShared(chunk, EVENT);
      assertEquals(readSoFar(reader.chunks), reader.text);
    }
    if (round >= 10) isShared.push(late.latest === early[0]!.latest);
  }
  const rounds = Math.ceil(1024 / EVENT.length);
  assertEquals(isShared.indexOf(true), rounds);
  assertEquals(isShared.lastIndexOf(false), rounds - 1);
  window.close();
});

Deno.test("add() starts the window over where newcomers outnumber the others", () => {
  const compression = gzip()[CODEC];
  const window = compression.openWindow();
  const one = new Reader(compression.openStream());
  const others = [1, 2].map(() => new Reader(compression.openStream()));
  for (let round = 0; round < 10; round++) {
    const chunk = window.add(encoder.encode(EVENT));
    const readers = round < 5 ? [one] : [one, ...others];
    for (const reader of readers) reader.takeShared(chunk, EVENT);
    const [first, ...rest] = readers.map(({ chunks }) => chunks.at(-1));
    // They do not share the round in which they come, and share all later ones.
    assertEquals(rest.some((chunk) => chunk !== first), round === 5);
  }
  window.close();
  for (const reader of [one, ...others]) {
    reader.end();
    assertEquals(readWhole(reader.chunks), reader.text);
  }
});

Deno.test("gzip() gives only maxUnshared compressors to clients that share none", () => {
  const compression = gzip({ maxUnshared: 2 })[CODEC];
  const windows = [1, 2, 3].map(() => compression.openWindow());
  const readers = windows.map(() => new Reader(compression.openStream()));
  const friend = new Reader(compression.openStream());
  const chunk = encoder.encode(EVENT);
  const take = (...indices: number[]) => {
    for (const index of [...indices, ...indices, ...indices]) {
      readers[index]!.takeShared(windows[index]!.add(chunk), EVENT);
    }
  };
  const isCompressed = () =>
    readers.map(({ latest }) => latest < EVENT.length / 5);

  take(0, 1, 2);
  assertEquals(isCompressed(), [true, true, false]);

  // One that leaves makes room.
  windows[0]!.close();
  take(1, 2);
  assertEquals(isCompressed().slice(1), [true, true]);

  // And so does one that shares: clients that share need none.
  for (let round = 0; round < 3; round++) {
    const shared = windows[1]!.add(chunk);
    readers[1]!.takeShared(shared, EVENT);
    friend.takeShared(shared, EVENT);
  }
  windows[0] = compression.openWindow();
  take(0, 1, 2);
  assertEquals(isCompressed(), [true, true, true]);
  for (const window of windows) window.close();
  for (const reader of [...readers, friend]) {
    reader.end();
    assertEquals(readWhole(reader.chunks), reader.text);
  }
});

Deno.test("encodeShared() refers to nothing that a client without a compressor has not received", () => {
  // One client alone gets no compressor.
  const compression = gzip({ windowBits: 9, maxUnshared: 0 })[CODEC];
  const window = compression.openWindow();
  const early = [1, 2].map(() => new Reader(compression.openStream()));
  const late = new Reader(compression.openStream());
  for (let round = 0; round < 40; round++) {
    const event = round < 10
      ? "data: early\n\n"
      : `data: late ${round}, early\n\n`;
    const text = event.repeat(5);
    const chunk = window.add(encoder.encode(text));
    for (const reader of round < 10 ? early : [late]) {
      reader.takeShared(chunk, text);
    }
  }
  late.end();
  assertEquals(readWhole(late.chunks), late.text);
});

Deno.test("encodeShared() gives a chunk that is not the latest so that it can be read", () => {
  const compression = gzip()[CODEC];
  const window = compression.openWindow();
  const [early, late] = [1, 2].map(() => new Reader(compression.openStream()));
  let before: WindowChunk | undefined;
  for (let round = 0; round < 10; round++) {
    const chunk = window.add(encoder.encode(EVENT));
    early!.takeShared(chunk, EVENT);
    if (before !== undefined) late!.takeShared(before, EVENT);
    before = chunk;
  }
  window.close();
  for (const reader of [early!, late!]) {
    reader.end();
    assertEquals(readWhole(reader.chunks), reader.text);
  }
});

Deno.test("gzip() stores what it cannot make shorter, however long it is", () => {
  for (const length of [65_534, 65_535, 65_536, 131_070, 200_000]) {
    const chunk = new Uint8Array(length);
    for (let start = 0; start < length; start += 65_536) {
      crypto.getRandomValues(chunk.subarray(start, start + 65_536));
    }
    const stream = gzip()[CODEC].openStream();
    const chunks = [stream.encode(chunk), stream.end()];
    const bytes = new Uint8Array(gunzipSync(join(chunks)));
    assertEquals(bytes.length, length);
    assert(bytes.every((byte, index) => byte === chunk[index]), `${length}`);
  }
});
