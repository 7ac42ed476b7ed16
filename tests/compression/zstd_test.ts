// Copyright 2026 the Tidings authors. MIT license.

/** The frames of `zstd()`: who shares which, and when all begin a new one. */

import { assert, assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { hasZstd, zstd } from "../../compression/mod.ts";
import { EPOCH_BYTES } from "../../compression/_zstd_window.ts";
import { CODEC, type CompressionWindow } from "../../_server/compression.ts";
import { serveEvents } from "../../server.ts";
import { join } from "./_gzip_model.ts";
import { Page } from "./_page_model.ts";
import { Reader } from "./_window_model.ts";
import { findZstdFrames, readZstdFrames } from "./_zstd_model.ts";

const encoder = new TextEncoder();
const TICK = `data: ${"the same again ".repeat(10)}\n\n`;

/** A window, and clients that take each chunk of it. */
class Room {
  readonly readers: Reader[] = [];
  readonly #codec = zstd()[CODEC];
  readonly #window: CompressionWindow;

  constructor(codec = zstd()[CODEC]) {
    this.#codec = codec;
    this.#window = codec.openWindow();
  }

  enter(count = 1): Reader[] {
    const readers = Array.from(
      { length: count },
      () => new Reader(this.#codec.openStream()),
    );
    this.readers.push(...readers);
    return readers;
  }

  leave(...readers: Reader[]): void {
    for (const reader of readers) {
      this.readers.splice(this.readers.indexOf(reader), 1);
    }
  }

  give(text: string): void {
    const chunk = this.#window.add(encoder.encode(text));
    for (const reader of this.readers) reader.takeShared(chunk, text);
  }

  /** Ends all streams, and reads them. */
  check(...others: Reader[]): void {
    this.#window.close();
    for (const reader of [...this.readers, ...others]) {
      reader.end();
      assertEquals(readZstdFrames(join(reader.chunks), true), reader.text);
    }
  }
}

/** An event that compresses to half of its 8 KiB. */
function drawNoise(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(4096));
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
  return `data: ${digits.join("")}\n\n`;
}

/** Whether the latest chunk of two clients is the same. */
function share(a: Reader | undefined, b: Reader | undefined): boolean {
  return a!.chunks.at(-1) === b!.chunks.at(-1);
}

/** How many frames a client has begun. */
function countFrames({ chunks }: Reader): number {
  return findZstdFrames(join(chunks)).length;
}

function zstdTest(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, ignore: !hasZstd(), fn });
}

zstdTest(
  "zstd() gives all clients of a window the same bytes, in one frame",
  () => {
    const room = new Room();
    const [first, second] = room.enter(2);
    for (let round = 0; round < 20; round++) {
      room.give(TICK);
      assert(share(first, second));
      if (round > 1) assert(first!.latest < 20, `${first!.latest}`);
    }
    // The first chunk has a frame of its own: many streams have no second.
    assertEquals(countFrames(first!), 2);
    room.check();
  },
);

zstdTest("zstd() gives newcomers a frame that they share", () => {
  const room = new Room();
  const [first] = room.enter(100);
  for (let round = 0; round < 5; round++) room.give(TICK);
  const [second, third] = room.enter(2);
  for (let round = 0; round < 5; round++) {
    room.give(TICK);
    assertEquals(share(first, second), false);
    assert(share(second, third));
    if (round > 1) assert(second!.latest < 20, `${second!.latest}`);
  }
  assertEquals(countFrames(first!), 2);
  assertEquals(countFrames(second!), 2);
  const [fourth] = room.enter();
  for (let round = 0; round < 5; round++) room.give(TICK);
  assert(share(third, fourth));
  assertEquals(countFrames(second!), 3);
  room.check();
});

zstdTest(
  "zstd() begins a frame for all after an amount of output, while there are newcomers",
  () => {
    const room = new Room();
    const [first] = room.enter(50);
    const giveUntilEpoch = (least: number): void => {
      const frames = countFrames(first!);
      let output = 0;
      while (countFrames(first!) === frames) {
        assert(output < least + 20_000, "No frame begins");
        room.give(drawNoise());
        output += first!.latest;
      }
      assert(output > least - 20_000, `${output}`);
    };
    room.give(drawNoise());
    room.give(drawNoise());
    let output = 0;
    while (output < 2 * EPOCH_BYTES) {
      room.give(drawNoise());
      output += first!.latest;
    }
    assertEquals(countFrames(first!), 2);

    // The frame is over the amount already.
    const [second] = room.enter();
    giveUntilEpoch(0);
    assert(share(first, second));

    room.give(drawNoise());
    const [third] = room.enter();
    giveUntilEpoch(EPOCH_BYTES);
    assert(share(first, third));
    room.leave(...room.readers.filter((one) => one !== first && one !== third));
    room.check();
  },
);

zstdTest(
  "zstd() begins a frame for all sooner where newcomers cost more",
  () => {
    const room = new Room();
    const [first] = room.enter(4);
    for (let round = 0; round < 5; round++) room.give(TICK);
    const [second] = room.enter(4);
    let rounds = 0;
    while (!share(first, second)) {
      room.give(TICK);
      assert(++rounds < 4);
    }
    assertEquals(countFrames(first!), 3);
    room.check();
  },
);

zstdTest(
  "zstd() goes on with the newcomers' frame where only they are left",
  () => {
    const room = new Room();
    const early = room.enter(100);
    for (let round = 0; round < 5; round++) room.give(TICK);
    const [second] = room.enter();
    for (let round = 0; round < 5; round++) room.give(TICK);
    room.leave(...early);
    for (let round = 0; round < 5; round++) room.give(TICK);
    assertEquals(countFrames(second!), 2);
    room.check(...early.slice(0, 1));
  },
);

zstdTest(
  "zstd() has a client that gets bytes of its own share a frame with newcomers from then on",
  () => {
    const room = new Room();
    const [first, second, third] = room.enter(100);
    for (let round = 0; round < 5; round++) room.give(TICK);
    second!.take("data: only for you\n\n");
    for (let round = 0; round < 5; round++) room.give(TICK);
    assert(share(first, third));
    assertEquals(share(first, second), false);
    assert(second!.latest < 20, `${second!.latest}`);
    room.check();
  },
);

zstdTest(
  "zstd() makes only maxCompressors compressors, and compresses each event by itself beyond",
  () => {
    const codec = zstd({ maxCompressors: 1 })[CODEC];
    const rooms = [1, 2].map(() => new Room(codec));
    const readers = rooms.map((room) => room.enter()[0]!);
    const giveAll = () => {
      for (let round = 0; round < 3; round++) {
        for (const room of rooms) room.give(TICK);
      }
    };

    giveAll();
    assert(readers[0]!.latest < 20);
    assert(readers[1]!.latest > 20);

    // One that closes makes room.
    rooms.shift()!.check();
    giveAll();
    assert(readers[1]!.latest < 20);
    rooms[0]!.check();
  },
);

zstdTest("zstd() makes 64 compressors", () => {
  const codec = zstd()[CODEC];
  const rooms = Array.from({ length: 65 }, () => new Room(codec));
  const readers = rooms.map((room) => room.enter()[0]!);
  for (const room of rooms) {
    for (let round = 0; round < 3; round++) room.give(TICK);
  }
  assertEquals(readers.filter(({ latest }) => latest < 20).length, 64);
  for (const room of rooms) room.check();
});

zstdTest(
  "zstd() makes a frame for an empty stream, and takes empty chunks",
  () => {
    const room = new Room();
    room.enter(2);
    for (const text of ["", TICK, "", TICK, TICK, "", TICK]) room.give(text);
    room.readers[0]!.take("");
    room.check(...new Room().enter());
  },
);

zstdTest(
  "zstd() compresses a page that is sent again with one row changed to less than a hundredth",
  async () => {
    const page = new Page(2);
    const events = Array.from(
      { length: 300 },
      () => ({ data: page.nextData() }),
    );
    const request = new Request("http://localhost/", {
      headers: { "accept-encoding": "zstd" },
    });
    const plain = events.reduce((sum, { data }) => sum + data.length, 0);
    const response = serveEvents(request, events, { compression: zstd() });
    const { byteLength } = await response.arrayBuffer();
    assert(plain / byteLength >= 100, `${plain / byteLength}`);
  },
);

zstdTest(
  "EventChannel compresses such pages for all to a sixtieth, newcomers included",
  async () => {
    await using channel = new EventChannel({ compression: zstd() });
    const page = new Page(3);
    const bodies: Promise<ArrayBuffer>[] = [];
    let plain = 0;
    for (let round = 0; round < 200; round++) {
      const entering = round === 0 ? 20 : round % 20 === 10 ? 1 : 0;
      for (let count = 0; count < entering; count++) {
        const response = channel.serve(
          new Request("http://localhost/", {
            headers: { "accept-encoding": "zstd" },
          }),
        );
        bodies.push(response.arrayBuffer());
      }
      const data = page.nextData();
      await channel.publish({ data });
      await new Promise((resolve) => setTimeout(resolve, 0));
      plain += data.length * bodies.length;
    }
    await channel.close();
    const all = await Promise.all(bodies);
    const sent = all.reduce((sum, { byteLength }) => sum + byteLength, 0);
    assert(plain / sent >= 60, `${plain / sent}`);
  },
);
