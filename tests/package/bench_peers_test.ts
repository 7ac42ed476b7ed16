// Copyright 2026 the Tidings authors. MIT license.

/** Peers that are wrong, or not there, in the tables of the benches. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { race } from "../../bench/_measure.ts";
import { formatRow, ratioRow } from "../../bench/_table.ts";
import { JSR_VERSION, JsrRegistry } from "../support/jsr_registry.ts";

const ROOT = new URL("../../", import.meta.url);

/** Writes `data:` without a space, so that a line which begins with one loses it. */
const WRONG_STREAM = `
export class ServerSentEventStream extends TransformStream<any, Uint8Array> {
  constructor() {
    const encoder = new TextEncoder();
    super({
      transform({ event, data, id }, controller) {
        let text = event === undefined ? "" : "event:" + event + "\\n";
        for (const line of data.split("\\n")) text += "data:" + line + "\\n";
        if (id !== undefined) text += "id:" + id + "\\n";
        controller.enqueue(encoder.encode(text + "\\n"));
      },
    });
  }
}
`;

/** Gives no event. */
const WRONG_PARSE_STREAM = `
export class ServerSentEventParseStream extends TransformStream<any, any> {
  constructor() {
    super({ transform() {} });
  }
}
`;

const right = { name: "right", run: () => pause(1) };
const wrong = {
  name: "wrong",
  check() {
    throw new Error("its events are not those of the workload");
  },
  run() {},
};

Deno.test("a peer that is wrong on a workload is a row that says so", async () => {
  await using jsr = await JsrRegistry.serve({
    "@std/http": {
      ".": "",
      "./server-sent-event-stream": WRONG_STREAM,
      "./server-sent-event-parse-stream": WRONG_PARSE_STREAM,
    },
  });

  const table = await runBench(
    ["encode/multiline/stream", "encode/ticks/stream", "stream/ticks/64KiB"],
    jsr.env,
  );

  assertStringIncludes(table, `; @std/http@${JSR_VERSION}, `);
  const rows = table.split("\n").filter((row) => row.includes("| @std/http"));
  assertEquals(rows.length, 4);
  const decoding = rows.filter((row) => row.includes("stream/ticks/64KiB"));
  assertEquals(
    decoding.map((row) => row.includes("wrong: its events are not those")),
    [true, true],
  );
  assertStringIncludes(
    rows.find((row) => row.includes("multiline"))!,
    "| @std/http | wrong: its events are not those of the workload |",
  );
  assertStringIncludes(
    rows.find((row) => row.includes("encode/ticks"))!,
    " × |",
  );
  assertStringIncludes(table, "\n0 failed\n");
});

Deno.test("a peer that is out of reach is a row that says so", async () => {
  await using jsr = await JsrRegistry.serve({});

  const table = await runBench([
    "encode/ticks/stream",
    "stream/ticks/64KiB",
    "growth/line 16KiB, stream",
  ], jsr.env);

  assertStringIncludes(table, "; @std/http@^1 (out of reach), ");
  const rows = table.split("\n").filter((row) =>
    row.includes("| @std/http | ignored: JSR is out of reach |")
  );
  assertEquals(rows.length, 3);
});

Deno.test("ratioRow() tells a wrong peer, and throws where ours is wrong", async () => {
  const result = await race([right, wrong]);
  const compare = (ours: string, peer: string) =>
    ratioRow("a/b", result, { ours, peer, unit: 1 });

  assertEquals(
    formatRow({ ...compare("right", "wrong"), ours: "1 ns" }),
    "| a/b | 1 ns | wrong | wrong: its events are not those of the workload |",
  );
  assertThrows(
    () => compare("wrong", "right"),
    Error,
    "Cannot time wrong: its events are not those of the workload",
  );
});

Deno.test("RaceResult.opponents() gives the fastest peer, and each that is wrong", async () => {
  let runs = 0;
  const late = {
    name: "late",
    async run() {
      await pause(1);
      // Past the warm-up, which has at most 100 of these.
      if (++runs > 120) throw new Error("no more");
    },
  };
  const slow = { name: "slow", run: () => pause(5) };
  const result = await race([right, slow, late, { ...right, name: "quick" }]);

  assertEquals(result.opponents(["right"]), ["quick", "late"]);
  assertEquals(result.fault("late"), "no more");
});

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Runs `bench/ratios.ts`, and gives what it prints. */
async function runBench(
  rows: string[],
  env: Record<string, string>,
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--config=bench/deno.json",
      "bench/ratios.ts",
      ...rows,
    ],
    cwd: ROOT,
    env: { ...env, NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stderr));
  return decoder.decode(stdout);
}
