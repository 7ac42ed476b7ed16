// Copyright 2026 the Tidings authors. MIT license.

/** What a copy of a text keeps in memory, in engines that can tell. */

import { assertEquals, assertLess } from "@std/assert";
import { ownText } from "../../_own_text.ts";
import { GrowingText } from "../../_parser/growing_text.ts";

const MIB = 2 ** 20;

/** As much of `process` in Node, Deno and Bun as is used here. */
interface Process {
  memoryUsage(): { heapUsed: number };
  getBuiltinModule?(name: string): unknown;
}

const { process } = globalThis as { process?: Process };

/** Collects garbage, and gives the bytes that are left; `undefined` where nothing tells. */
async function findHeapMeter(): Promise<(() => number) | undefined> {
  const { Bun } = globalThis as { Bun?: { gc(isSync: boolean): void } };
  if (Bun) {
    const name = "bun:jsc";
    const { heapStats } = await import(name);
    return () => {
      Bun.gc(true);
      const { heapSize, extraMemorySize } = heapStats();
      return heapSize + extraMemorySize;
    };
  }
  try {
    const v8 = process!.getBuiltinModule!("node:v8") as {
      setFlagsFromString(flags: string): void;
    };
    const vm = process!.getBuiltinModule!("node:vm") as {
      runInNewContext(code: string): () => void;
    };
    v8.setFlagsFromString("--expose-gc");
    const gc = vm.runInNewContext("gc");
    return () => {
      gc();
      return process!.memoryUsage().heapUsed;
    };
  } catch {
    return undefined;
  }
}

/** Makes texts of small parts of much text, which has to be free afterwards. */
const MAKERS: Record<string, () => string[]> = {
  "slices of large texts": () => {
    const decoder = new TextDecoder();
    return Array.from({ length: 4000 }, (_, index) => {
      const window = decoder.decode(
        new Uint8Array(15_360).fill(97 + index % 9),
      );
      return ownText(window.slice(100, 130));
    });
  },
  "ropes of many pieces": () =>
    Array.from({ length: 20 }, () => {
      let rope = "";
      for (let i = 0; i < 100_000; i++) rope += i % 2 ? "\n" : "a";
      return ownText(rope);
    }),
  "a text that grows by small pieces": () => {
    const text = new GrowingText();
    for (let i = 0; i < 2_000_000; i++) {
      text.append(i % 2 ? "\n" : "a");
      if (i % 100_000 === 99_999) text.compact();
    }
    return [text.take()];
  },
};

const measure = await findHeapMeter();

for (const [name, make] of Object.entries(MAKERS)) {
  Deno.test({
    name: `ownText() holds no other memory than its own: ${name}`,
    ignore: measure === undefined,
    fn() {
      // Cannot fail: the test is ignored without it.
      const before = measure!();
      const texts = make();
      assertLess(measure!() - before, 16 * MIB);
      assertEquals(texts.join("").length > 0, true);
    },
  });
}

for (const text of ["", "a", "\0", "\ud800", "語\u2028", "a".repeat(100_000)]) {
  Deno.test(`ownText() gives an equal text, of ${text.length} code units: ${JSON.stringify(text.slice(0, 9))}`, () => {
    assertEquals(ownText(text) === text, true);
  });
}
