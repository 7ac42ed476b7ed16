// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals } from "@std/assert";
import { compress, hasZstd } from "../../compression/mod.ts";
import { chooseCompression, CODEC } from "../../_server/compression.ts";
import { CODINGS } from "./_codings.ts";

/** Of each coding: `C` stands for its name. */
const ACCEPT_ROWS: [header: string | null, accepts: boolean][] = [
  [null, false],
  ["", false],
  ["C", true],
  ["x, C, y", true],
  ["x;q=1.0, C;q=0.8, *;q=0.1", true],
  ["x, y", false],
  ["*", true],
  ["*;q=0", false],
  ["x, *;q=0.1", true],
  ["C;q=0", false],
  ["C;q=0.0", false],
  ["C;q=0, *", false],
  ["C ; q=0.001", true],
  ["identity", false],
  ["identity, C;q=0.5", false],
  ["identity;q=0.5, C", true],
  ["identity;q=0.5, C;q=0.5", true],
  ["identity;q=0", false],
  ["identity;q=0, C;q=0.1", true],
  ["identity;q=0, *", true],
  ["C;q=high", true],
  ["C;q=", true],
  ["C;q=-1", false],
  ["Cped", false],
];

for (const { name, make } of CODINGS) {
  for (const [row, accepts] of ACCEPT_ROWS) {
    for (const coding of [name, name.toUpperCase()]) {
      const header = row?.replaceAll("C", coding) ?? null;
      Deno.test(`accepts() ${accepts ? "serves" : "leaves out"} a client that sends Accept-Encoding ${JSON.stringify(header)}: ${name}`, () => {
        assertEquals(make()[CODEC].accepts(header), accepts);
      });
    }
  }
}

for (
  const [header, accepts] of [
    ["x-gzip", true],
    ["x-gzip;q=0, *", false],
    ["gzip;q=0, x-gzip", false],
  ] as const
) {
  Deno.test(`gzip() ${accepts ? "serves" : "leaves out"} a client that sends Accept-Encoding "${header}"`, () => {
    // It comes first, and is in every runtime.
    assertEquals(CODINGS[0]!.make()[CODEC].accepts(header), accepts);
  });
}

const BROWSER = "gzip, deflate, br, zstd";
const ZSTD = hasZstd() ? "zstd" : undefined;

/** What is chosen: for small events, for large ones, and for large ones of one client. */
const CHOICES: [
  header: string | null,
  small: string | undefined,
  large: string | undefined,
  alone: string | undefined,
][] = [
  [BROWSER, "gzip", ZSTD ?? "gzip", ZSTD ?? "br"],
  ["*", "gzip", ZSTD ?? "gzip", ZSTD ?? "br"],
  ["gzip, deflate, br", "gzip", "gzip", "br"],
  ["gzip, deflate", "gzip", "gzip", "gzip"],
  ["x-gzip", "gzip", "gzip", "gzip"],
  ["gzip;q=0.5, zstd", ZSTD ?? "gzip", ZSTD ?? "gzip", ZSTD ?? "gzip"],
  ["gzip, zstd;q=0.5", "gzip", "gzip", "gzip"],
  ["gzip, br;q=0.9, zstd;q=0.8", "gzip", "gzip", "gzip"],
  ["br, gzip;q=0.1", "gzip", "gzip", "br"],
  ["gzip;q=0, *", ZSTD, ZSTD, ZSTD ?? "br"],
  ["identity;q=0.7, gzip;q=0.5, zstd;q=0.6", undefined, undefined, undefined],
  ["br", undefined, undefined, "br"],
  ["zstd", ZSTD, ZSTD, ZSTD],
  ["identity", undefined, undefined, undefined],
  ["deflate", undefined, undefined, undefined],
  ["", undefined, undefined, undefined],
  [null, undefined, undefined, undefined],
];

for (const [header, small, large, alone] of CHOICES) {
  Deno.test(`compress() chooses for a client that sends Accept-Encoding ${JSON.stringify(header)}`, () => {
    const choose = (expectLarge: boolean, isAlone: boolean) =>
      chooseCompression(compress({ expectLarge }), header, isAlone)?.coding;

    assertEquals(choose(false, false), small);
    assertEquals(choose(true, false), large);
    assertEquals(choose(true, true), alone);
  });
}

Deno.test("compress() follows the size of what was sent: the greater part of the bytes counts", () => {
  const compression = compress();
  const choose = () =>
    chooseCompression(compression, "gzip, deflate, br, zstd", true)!;
  const send = (size: number, count: number) => {
    const window = choose()[CODEC].openWindow();
    for (; count > 0; count--) window.add(new Uint8Array(size));
    window.close();
  };
  const large = ZSTD ?? "br";

  assertEquals(choose().coding, "gzip");
  send(4095, 10);
  assertEquals(choose().coding, "gzip");
  send(33_000, 1);
  assertEquals(choose().coding, "gzip");
  send(33_000, 1);
  assertEquals(choose().coding, large);
  // Comments between the events hardly count.
  send(3, 1000);
  assertEquals(choose().coding, large);
  // What was sent long ago counts less and less.
  send(33_000, 300);
  send(1000, 300);
  assertEquals(choose().coding, large);
  send(1000, 3000);
  assertEquals(choose().coding, "gzip");
});

Deno.test("compress() lists the codings from which it chooses", () => {
  const expected = hasZstd() ? "gzip, zstd, br" : "gzip, br";
  assertEquals(compress().coding, expected);
});
