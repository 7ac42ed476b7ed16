// Copyright 2026 the Tidings authors. MIT license.

/** Draws `bench/chart.svg` from the recorded run in `bench/results.json`. */

import { RESULTS_FILE } from "./_results.ts";
import { drawDecodingChart } from "./_decoding_chart.ts";

const results = JSON.parse(await Deno.readTextFile(RESULTS_FILE));
const chart = new URL("./chart.svg", import.meta.url);
await Deno.writeTextFile(chart, await drawDecodingChart(results));
