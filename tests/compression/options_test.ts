// Copyright 2026 the Tidings authors. MIT license.

import { gzip, type GzipOptions } from "../../compression/mod.ts";
import { testOptions } from "../support/options_suite.ts";

testOptions<GzipOptions>({
  name: "gzip()",
  call: gzip,
  right: { level: 6, windowBits: 13, memLevel: 5, maxUnshared: 5 },
  wrong: { level: "6", windowBits: "13", memLevel: "5", maxUnshared: "5" },
});
