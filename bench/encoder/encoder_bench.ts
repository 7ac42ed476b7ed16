// Copyright 2026 the Tidings authors. MIT license.

/** Events in, bytes out: one iteration encodes one workload. */

import { benchGroup } from "../_bench_group.ts";
import { STD_HTTP_NAME } from "../parser/_stream_decoders.ts";
import { loadStdHttpStream } from "./_encoders.ts";
import {
  callContestants,
  ENCODING_NAMES,
  ENCODING_SIZE,
  streamContestants,
} from "./_encoding.ts";
import { createWorkload } from "../_fixtures.ts";

for (const name of ENCODING_NAMES) {
  const workload = createWorkload(name, ENCODING_SIZE);
  await benchGroup(name, callContestants(workload));

  await benchGroup(`${name} as a stream`, await streamContestants(workload));
}

// Deno does not list benches that are ignored.
if (await loadStdHttpStream() === undefined) {
  console.warn(`${STD_HTTP_NAME} is ignored: JSR is out of reach`);
}
