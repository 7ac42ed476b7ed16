// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals } from "@std/assert";
import { GrowingText } from "../../_parser/growing_text.ts";

const CALLS = 300;

/** Milliseconds to add small pieces to a text of some length. */
function measure(length: number): number {
  const text = new GrowingText();
  // Less than a block, so that it has to become one.
  for (let i = 0; i < length; i += 500) {
    text.append("a".repeat(500));
    if (i % 64_000 === 0) text.compact();
  }
  const start = performance.now();
  for (let i = 0; i < CALLS; i++) {
    text.append("b");
    text.compact();
  }
  const duration = performance.now() - start;
  assertEquals(text.length, length + CALLS);
  return duration;
}

Deno.test("GrowingText.compact() takes no longer for a large text", () => {
  measure(1000);
  // Slow by chance, on a busy machine, is not slow each time.
  const ratios: number[] = [];
  for (let i = 0; i < 3; i++) {
    const small = Math.max(measure(1000), 2);
    ratios.push(measure(4_000_000) / small);
    if (ratios.at(-1)! < 30) return;
  }
  assert(false, `${ratios} times as long`);
});

Deno.test("GrowingText gives its pieces in their order, wherever blocks begin", () => {
  for (const size of [1, 1023, 1024, 1025, 3000]) {
    const text = new GrowingText();
    let expected = "";
    for (let i = 0; i < 20; i++) {
      const piece = String.fromCharCode(97 + i).repeat(i % 3 === 0 ? 1 : size);
      text.append(piece);
      expected += piece;
      if (i % 4 === 1) {
        text.append("-");
        text.compact();
        expected += "-";
      }
      assertEquals(text.length, expected.length);
    }
    assertEquals(text.take(), expected);
    assertEquals([text.length, text.take()], [0, ""]);
  }
});
