// Copyright 2026 the Tidings authors. MIT license.

/** Windows of all codings, with clients that do what they like. */

import {
  brotli,
  compress,
  type EventCompression,
  gzip,
  zstd,
} from "../../compression/mod.ts";
import { CODINGS } from "./_codings.ts";
import { checkWindow } from "./_window_model.ts";
import { checkProperty, type Random } from "../support/random.ts";

const MAKERS: Record<string, (random: Random) => EventCompression> = {
  gzip: (random) =>
    gzip({
      maxUnshared: random.below(2),
      level: 1 + random.below(9),
      windowBits: 9 + random.below(7),
      memLevel: 1 + random.below(9),
    }),
  zstd: (random) =>
    zstd({
      maxCompressors: random.pick([0, 1, 2, 64]),
      level: 1 + random.below(6),
      windowBits: 10 + random.below(8),
    }),
  br: (random) =>
    brotli({
      maxCompressors: random.pick([0, 1, 64]),
      level: 1 + random.below(6),
      windowBits: 10 + random.below(8),
    }),
};

for (const coding of CODINGS) {
  Deno.test(`encodeShared() gives each client a stream that a strict reader accepts, whichever clients come and go: ${coding.name}`, () => {
    checkProperty(coding.isShared ? 20 : 5, (random) => {
      // There is one for each coding.
      checkWindow(random, MAKERS[coding.name]!(random), coding);
    });
  });
}

Deno.test("encodeShared() gives each client of compress() a stream that a strict reader accepts", () => {
  checkProperty(5, (random) => {
    // What it falls back to: it comes first, and is in every runtime.
    checkWindow(random, compress(), CODINGS[0]!);
  });
});
