// Copyright 2026 the Tidings authors. MIT license.

/** Random values that JSON has a text for, with text that tries to break out. */

import type { Random } from "./random.ts";

/** Whatever JSON can say. */
export type Json =
  | null
  | boolean
  | number
  | string
  | Json[]
  | { [name: string]: Json };

const PIECES = [
  ...["a", " ", '"', "\\", ":", ",", "{", "}", "[DONE]", "é", "語", "😀"],
  ...["\n", "\r", "\n\n", "\r\r", "\r\n\r\n", "\0", "\u2028", "\ufeff"],
  ...["\ndata: evil\n\n", "\revent: evil", "\nid: evil\n", "\ud83d", "\ude00"],
  ...["__proto__", "toJSON", "constructor"],
];

/**
 * What the name of a member is made of: nothing that JSON has an escape for. V8 15.0
 * takes such a name for another one that it has seen after the same members:
 * `{"":1,"\\"":2}` for `{"":1,"\\\\":2}`.
 */
const NAME_PIECES = PIECES.filter((piece) =>
  JSON.stringify(piece) === `"${piece}"`
);

/** Makes a value, at most so many levels deep. */
export function randomJson(random: Random, depth = 4): Json {
  const text = () => random.text(PIECES, random.below(5));
  switch (random.below(depth > 0 ? 8 : 6)) {
    case 0:
      return null;
    case 1:
      return random.onceIn(2);
    case 2:
      return random.pick([0, 1, -1, 1.5, 1e21, 1e-7, 2 ** 53, -0.1]);
    case 3:
    case 4:
    case 5:
      return text();
    case 6:
      return Array.from(
        { length: random.below(4) },
        () => randomJson(random, depth - 1),
      );
    default:
      return Object.fromEntries(
        Array.from(
          { length: random.below(4) },
          () => [
            random.text(NAME_PIECES, random.below(5)),
            randomJson(random, depth - 1),
          ],
        ),
      );
  }
}
