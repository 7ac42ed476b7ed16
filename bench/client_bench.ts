// Copyright 2026 the Tidings authors. MIT license.

/** 200 000 events over a loopback socket: one iteration is one response. */

import { benchGroup } from "./_bench_group.ts";
import {
  eventSourceContestants,
  iteratorContestants,
} from "./_client_contestants.ts";
import { Child } from "./_fanout_process.ts";

// It ends with this process.
const base = await new Child("_client_server.ts").read<string>();

for (const kibibytes of [64, 16]) {
  const url = `${base}/${kibibytes * 1024}`;
  await benchGroup(`iterators ${kibibytes} KiB`, iteratorContestants(url));
  await benchGroup(`classes ${kibibytes} KiB`, eventSourceContestants(url));
}
