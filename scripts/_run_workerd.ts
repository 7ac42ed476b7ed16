// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs the tests in workerd, the runtime of Cloudflare Workers. `test_runtime.ts` calls it.
 *
 * @module
 */

import type { TestReport } from "../tests/runtimes/deno_stand_in.ts";
import { Tunnel } from "./_tunnel.ts";

// No `nodejs_compat`: the library has to do without.
const CONFIG = `
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    ( name = "tests",
      worker = (
        modules = [ ( name = "tests", esModule = embed "tests.js" ) ],
        compatibilityDate = "2026-01-01",
        compatibilityFlags = [ "enable_request_signal" ],
      )
    ),
    # The servers of the tests are on this machine.
    ( name = "internet", network = ( allow = ["private"] ) ),
  ],
  sockets = [
    ( name = "http", address = "127.0.0.1:0", http = (), service = "tests" ),
  ],
);
`;

/** Runs a bundle of `tests/runtimes/workerd.ts`. */
export async function runInWorkerd(
  executable: string,
  code: string,
  timeLimit: AbortSignal,
): Promise<TestReport> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/tests.js`, code);
  await Deno.writeTextFile(`${folder}/config.capnp`, CONFIG);
  await using workerd = new Deno.Command(executable, {
    args: ["serve", "--control-fd=1", `${folder}/config.capnp`],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  await using tunnel = new Tunnel();
  try {
    const port = await readPort(workerd.stdout);
    const url = new URL(`http://127.0.0.1:${port}/`);
    url.searchParams.set("tunnel", tunnel.url);
    for (const name of ["SEED", "FILTER"]) {
      const value = Deno.env.get(name);
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const response = await fetch(url, { signal: timeLimit });
    if (!response.ok) throw new Error(`It failed: ${await response.text()}`);
    return await response.json();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The first line that it prints is `{"event":"listen","socket":"http","port":…}`. */
async function readPort(stdout: ReadableStream<Uint8Array>): Promise<number> {
  let text = "";
  const lines = stdout.pipeThrough(new TextDecoderStream());
  for await (const chunk of lines.values({ preventCancel: true })) {
    text += chunk;
    const port = /"port":(\d+)/.exec(text)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`It does not listen: ${text}`);
}
