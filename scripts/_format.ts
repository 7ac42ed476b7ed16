// Copyright 2026 the Tidings authors. MIT license.

/**
 * Formats text that scripts write, as `deno fmt` does.
 *
 * @module
 */

import { runTool } from "./_run_tool.ts";

/** Formats text as `deno fmt` would format a file with that extension. */
export async function format(text: string, extension: string): Promise<string> {
  return await runTool(
    Deno.execPath(),
    ["fmt", `--ext=${extension}`, "-"],
    { input: text },
  );
}
