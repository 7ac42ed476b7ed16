// Copyright 2026 the Tidings authors. MIT license.

/** 200 000 events over a loopback socket: one iteration is one response. */

import { benchGroup } from "../_bench_group.ts";
import { eventSourceContestants, iteratorContestants } from "./_contestants.ts";
import { Child } from "../_process.ts";

// It ends with this process.
const base = await new Child("client/_server.ts").read<string>();

for (const chunking of ["64KiB", "16KiB", "event"] as const) {
  await benchGroup(
    `iterators ${chunking}`,
    iteratorContestants(base, chunking),
  );
  await benchGroup(
    `classes ${chunking}`,
    eventSourceContestants(base, chunking),
  );
}
