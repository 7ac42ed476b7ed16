// Copyright 2026 the Tidings authors. MIT license.

/** What the tests of logs write with, read with and follow with, as the public cases do. */

export {
  appendAll,
  Following,
  numbers,
  readAll,
} from "../../testing/_readers.ts";
