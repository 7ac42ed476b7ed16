// Copyright 2026 the Tidings authors. MIT license.

/**
 * Our clients against their peers over a loopback socket, from a server in another
 * process, as a Markdown table of processor time: in Deno, and in the Node that is on
 * the PATH. A peer that loses an event is no error: its row says so. That ours loses
 * one is an error, and so is a regression with `--check`.
 */

import { bundle, lowerSyntax } from "../../scripts/_bundle.ts";
import { Child } from "../_process.ts";
import { HEADING } from "../_table.ts";
import config from "../deno.json" with { type: "json" };

const { eventsource, "eventsource-client": client } = config.imports;
console.log(
  `Deno ${Deno.version.deno}, ${Deno.build.target}; ${eventsource}, ${client}\n`,
);
console.log(HEADING);

const race = new URL("_race.ts", import.meta.url).pathname;
const configFile = new URL("../deno.json", import.meta.url).pathname;

await using server = new Child("client/_server.ts");
const base = await server.read<string>();
await run(Deno.execPath(), [
  "run",
  "-A",
  `--config=${configFile}`,
  "--v8-flags=--expose-gc",
  race,
]);

const file = await Deno.makeTempFile({ suffix: ".mjs" });
try {
  const code = await bundle(race, { importMap: configFile });
  await Deno.writeTextFile(file, await lowerSyntax(code));
  await run("node", ["--expose-gc", file]);
} finally {
  await Deno.remove(file);
}

async function run(command: string, args: string[]): Promise<void> {
  const { success } = await new Deno.Command(command, {
    args: [...args, base, ...Deno.args],
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot go on: ${command} has failed`);
}
