// Copyright 2026 the Tidings authors. MIT license.

import { assertThrows } from "@std/assert";
import {
  brotli,
  type BrotliOptions,
  compress,
  type CompressOptions,
  gzip,
  type GzipOptions,
  hasZstd,
  zstd,
  type ZstdOptions,
} from "../../compression/mod.ts";
import { testOptions } from "../support/options_suite.ts";

testOptions<GzipOptions>({
  name: "gzip()",
  call: gzip,
  right: { level: 6, windowBits: 13, memLevel: 5, maxUnshared: 5 },
  wrong: { level: "6", windowBits: "13", memLevel: "5", maxUnshared: "5" },
});

testOptions<BrotliOptions>({
  name: "brotli()",
  call: brotli,
  right: { level: 5, windowBits: 20, maxCompressors: 5 },
  wrong: { level: "5", windowBits: "20", maxCompressors: "5" },
});

if (hasZstd()) {
  testOptions<ZstdOptions>({
    name: "zstd()",
    call: zstd,
    right: { level: 3, windowBits: 20, maxCompressors: 5 },
    wrong: { level: "3", windowBits: "20", maxCompressors: "5" },
  });
}

testOptions<CompressOptions>({
  name: "compress()",
  call: compress,
  right: { gzip: {}, zstd: {}, brotli: {}, expectLarge: true },
  wrong: { gzip: 1, zstd: 1, brotli: 1, expectLarge: 1 },
});

/** The range of each option. */
const RANGES: [
  name: string,
  make: (options: Record<string, unknown>) => unknown,
  option: string,
  min: number,
  max: number,
][] = [
  ["gzip", gzip, "level", 1, 9],
  ["gzip", gzip, "windowBits", 9, 15],
  ["gzip", gzip, "memLevel", 1, 9],
  ["brotli", brotli, "level", 1, 11],
  ["brotli", brotli, "windowBits", 10, 24],
  // Its options are checked also where there is no zstd.
  ["zstd", (options) => compress({ zstd: options }), "level", 1, 19],
  ["zstd", (options) => compress({ zstd: options }), "windowBits", 10, 23],
];

for (const [name, make, option, min, max] of RANGES) {
  Deno.test(`${name}() throws if "${option}" is not an integer from ${min} to ${max}`, () => {
    for (const value of [min - 1, max + 1, min + 0.5, NaN, Infinity]) {
      assertThrows(() => make({ [option]: value }), RangeError, `"${option}"`);
    }
    assertThrows(
      () => make({ [option]: "6" }),
      TypeError,
      `Cannot make ${name} compression: expected "${option}" to be an integer from ${min} to ${max}, got "6"`,
    );
    make({ [option]: min });
    make({ [option]: max });
  });
}

for (const make of [brotli, (zstd: ZstdOptions) => compress({ zstd })]) {
  Deno.test(`${make.name}() throws if "maxCompressors" is not an integer of at least 0 or Infinity`, () => {
    for (const maxCompressors of [-1, 1.5, NaN]) {
      assertThrows(
        () => make({ maxCompressors }),
        RangeError,
        '"maxCompressors"',
      );
    }
    make({ maxCompressors: 0 });
    make({ maxCompressors: Infinity });
  });
}

Deno.test({
  name: "zstd() throws where node:zlib has none",
  ignore: hasZstd(),
  fn() {
    assertThrows(
      () => zstd(),
      Error,
      "Cannot make zstd compression: node:zlib of this runtime has no zstd",
    );
  },
});
