// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import { joinCrc32, splitCrc32 } from "../../compression/_crc32.ts";
import { makeTrailer } from "../../compression/_gzip_format.ts";
import { gzip, type GzipOptions } from "../../compression/mod.ts";
import type {
  CompressedStream,
  CompressionWindow,
} from "../../_server/compression.ts";
import {
  drawEvent,
  join,
  readByPlatform,
  readSoFar,
  readWhole,
} from "./_gzip_model.ts";
import { checkProperty, type Random } from "../support/random.ts";

const encoder = new TextEncoder();

const ACCEPT_ROWS: [header: string | null, accepts: boolean][] = [
  [null, false],
  ["", false],
  ["gzip", true],
  ["GZip", true],
  ["x-gzip", true],
  ["gzip, deflate, br, zstd", true],
  ["br;q=1.0, gzip;q=0.8, *;q=0.1", true],
  ["br, deflate", false],
  ["*", true],
  ["*;q=0", false],
  ["br, *;q=0.1", true],
  ["gzip;q=0", false],
  ["gzip;q=0.0", false],
  ["gzip;q=0, *", false],
  ["x-gzip;q=0, *", false],
  ["gzip ; q=0.001", true],
  ["identity", false],
  ["identity, gzip;q=0.5", false],
  ["identity;q=0.5, gzip", true],
  ["identity;q=0.5, gzip;q=0.5", true],
  ["identity;q=0", false],
  ["identity;q=0, gzip;q=0.1", true],
  ["identity;q=0, *", true],
  ["gzip;q=high", true],
  ["gzipped", false],
];

for (const [header, accepts] of ACCEPT_ROWS) {
  Deno.test(`gzip() ${accepts ? "serves" : "leaves out"} a client that sends Accept-Encoding ${JSON.stringify(header)}`, () => {
    assertEquals(gzip().accepts(header), accepts);
  });
}

Deno.test("gzip() throws if an option is not what it is to be", () => {
  for (const name of ["level", "windowBits", "memLevel"] as const) {
    for (const value of [0, 17, 6.5, NaN, Infinity]) {
      assertThrows(() => gzip({ [name]: value }), RangeError, `"${name}"`);
    }
    assertThrows(
      () => gzip({ [name]: "6" as unknown as number }),
      TypeError,
      `Cannot make gzip compression: "${name}" is of type string, a number is wanted`,
    );
  }
  assertThrows(() => gzip({ windowBits: 8 }), RangeError);
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

/** A client of a window, and what it is to have read. */
class Reader {
  readonly #stream: CompressedStream;
  readonly chunks: Uint8Array[] = [];
  text = "";

  constructor(stream: CompressedStream) {
    this.#stream = stream;
  }

  /** Gets what only this client gets. */
  take(text: string): void {
    this.chunks.push(this.#stream.encode(encoder.encode(text)));
    this.text += text;
  }

  /** Gets what all clients of a window get. */
  takeShared(chunk: Uint8Array<ArrayBuffer>, window: CompressionWindow): void {
    this.chunks.push(this.#stream.encode(chunk, window));
    this.text += new TextDecoder().decode(chunk);
  }

  /** The bytes of the latest chunk. */
  get latest(): number {
    return this.chunks.at(-1)!.byteLength;
  }

  end(): void {
    this.chunks.push(this.#stream.end());
  }
}

const EVENT =
  'data: {"id":"chatcmpl-123","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":" the"}}]}\n\n';

Deno.test("openStream() begins with a header and ends with a trailer, whatever is between", async () => {
  for (const texts of [[], [":\n\n"], ["a".repeat(200_000), EVENT, ""]]) {
    const reader = new Reader(gzip().openStream());
    for (const text of texts) reader.take(text);
    reader.end();
    assertEquals(readWhole(reader.chunks), texts.join(""));
    assertEquals(await readByPlatform(reader.chunks), texts.join(""));
  }
});

Deno.test("encode() gives each chunk at once and whole", () => {
  const reader = new Reader(gzip().openStream());
  for (let i = 0; i < 50; i++) {
    reader.take(i % 2 === 0 ? EVENT : `data: ${i}\n\n`);
    assertEquals(readSoFar(reader.chunks), reader.text);
  }
});

Deno.test("encode() never makes a chunk longer than its bytes and the heads of its blocks", () => {
  const reader = new Reader(gzip().openStream());
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

Deno.test("encode() gives all clients of a window the same bytes, which refer to what they had before", () => {
  const compression = gzip();
  const window = compression.openWindow();
  const readers = [1, 2, 3].map(() => new Reader(compression.openStream()));
  for (let turn = 0; turn < 100; turn++) {
    const text = EVENT.replace("the", `${turn}`);
    const chunk = encoder.encode(text);
    for (const reader of readers) reader.takeShared(chunk, window);
    if (turn > 0) {
      for (const { chunks } of readers) {
        assert(chunks.at(-1) === readers[0]!.chunks.at(-1));
      }
    }
    if (turn > 2) assert(readers[0]!.latest < EVENT.length / 5);
  }
  window.close();
  for (const reader of readers) {
    reader.end();
    assertEquals(readWhole(reader.chunks), reader.text);
  }
});

Deno.test("encode() gives a newcomer what it can read, until it has as much as the window holds", () => {
  const compression = gzip({ windowBits: 10 });
  const window = compression.openWindow();
  const early = [1, 2].map(() => new Reader(compression.openStream()));
  const late = new Reader(compression.openStream());
  const isShared: boolean[] = [];
  for (let turn = 0; turn < 40; turn++) {
    const chunk = encoder.encode(EVENT);
    const readers = turn < 10 ? early : [...early, late];
    for (const reader of readers) {
      reader.takeShared(chunk, window);
      assertEquals(readSoFar(reader.chunks), reader.text);
    }
    if (turn >= 10) isShared.push(late.latest === early[0]!.latest);
  }
  const turns = Math.ceil(1024 / EVENT.length);
  assertEquals(isShared.indexOf(true), turns);
  assertEquals(isShared.lastIndexOf(false), turns - 1);
  window.close();
});

Deno.test("encode() begins an epoch where newcomers are more", () => {
  const compression = gzip();
  const window = compression.openWindow();
  const one = new Reader(compression.openStream());
  const others = [1, 2].map(() => new Reader(compression.openStream()));
  for (let turn = 0; turn < 10; turn++) {
    const chunk = encoder.encode(EVENT);
    const readers = turn < 5 ? [one] : [one, ...others];
    for (const reader of readers) reader.takeShared(chunk, window);
    const [first, ...rest] = readers.map(({ chunks }) => chunks.at(-1));
    // The turn in which they come is the only one that they do not share.
    assertEquals(rest.some((chunk) => chunk !== first), turn === 5);
  }
  window.close();
  for (const reader of [one, ...others]) {
    reader.end();
    assertEquals(readWhole(reader.chunks), reader.text);
  }
});

Deno.test("encode() lends only so many compressors to clients that share none", () => {
  const compression = gzip({ maxUnshared: 2 });
  const windows = [1, 2, 3].map(() => compression.openWindow());
  const readers = windows.map(() => new Reader(compression.openStream()));
  const friend = new Reader(compression.openStream());
  const chunk = encoder.encode(EVENT);
  const take = (...indices: number[]) => {
    for (const index of [...indices, ...indices, ...indices]) {
      readers[index]!.takeShared(chunk.subarray(), windows[index]!);
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

  // And so does one that shares; those who share need none.
  for (let turn = 0; turn < 3; turn++) {
    const shared = chunk.subarray();
    readers[1]!.takeShared(shared, windows[1]!);
    friend.takeShared(shared, windows[1]!);
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

Deno.test("encode() refers to nothing that clients have not had who were alone with a chunk", () => {
  // One client alone gets no compressor.
  const compression = gzip({ windowBits: 9, maxUnshared: 0 });
  const window = compression.openWindow();
  const early = [1, 2].map(() => new Reader(compression.openStream()));
  const late = new Reader(compression.openStream());
  for (let turn = 0; turn < 40; turn++) {
    const text = turn < 10
      ? "data: early\n\n"
      : `data: late ${turn}, early\n\n`;
    const chunk = encoder.encode(text.repeat(5));
    for (const reader of turn < 10 ? early : [late]) {
      reader.takeShared(chunk, window);
    }
  }
  late.end();
  assertEquals(readWhole(late.chunks), late.text);
});

/** Clients that come, stay away, get something of their own, and leave, at random. */
function checkWindow(random: Random, options: GzipOptions): void {
  const compression = gzip(options);
  const window = compression.openWindow();
  let readers: Reader[] = [];
  const left: Reader[] = [];
  for (let turn = 0; turn < 60; turn++) {
    while (random.onceIn(3)) readers.push(new Reader(compression.openStream()));
    const text = drawEvent(random, turn);
    const chunk = encoder.encode(text);
    const everybodyIsAway = random.onceIn(10);
    for (const reader of readers) {
      if (everybodyIsAway || random.onceIn(8)) continue;
      if (random.onceIn(12)) reader.take(drawEvent(random, turn));
      // Some think that they are alone with the chunk, or take it twice.
      const own = random.onceIn(20) ? chunk.slice() : chunk;
      reader.takeShared(own, window);
      if (random.onceIn(20)) reader.takeShared(chunk, window);
      if (random.onceIn(12)) reader.take(":\n\n");
    }
    for (const reader of readers) {
      if (random.onceIn(20)) left.push(reader);
    }
    readers = readers.filter((reader) => !left.includes(reader));
  }
  window.close();
  for (const reader of [...left, ...readers]) {
    const { text, chunks } = reader;
    assertEquals(readSoFar(chunks), chunks.length === 0 ? "" : text);
    reader.end();
    assertEquals(readWhole(chunks), text);
  }
}

Deno.test("encode() gives each client a stream that a strict reader takes, whoever comes and goes", () => {
  checkProperty(40, (random) => {
    checkWindow(random, {
      maxUnshared: random.below(2),
      level: 1 + random.below(9),
      windowBits: 9 + random.below(7),
      memLevel: 1 + random.below(9),
    });
  });
});
