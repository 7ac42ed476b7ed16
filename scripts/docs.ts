// Copyright 2026 the Tidings authors. MIT license.

/**
 * Renders the documentation of all exports as HTML, as JSR does, into `.docs/`, or into
 * the folder that is its argument. It fails if Deno warns.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };

const folder = Deno.args[0] ?? ".docs";
await Deno.remove(folder, { recursive: true }).catch((error) => {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
});
const { code, stderr } = await new Deno.Command(Deno.execPath(), {
  args: [
    "doc",
    "--html",
    `--name=${config.name}`,
    `--output=${folder}`,
    ...Object.values(config.exports),
  ],
  env: { NO_COLOR: "1" },
  stdout: "inherit",
}).output();
const text = new TextDecoder().decode(stderr);
const warnings = text.split("\n")
  .filter((line) => line !== "" && !/^Written \d+ files to /.test(line));
if (code !== 0 || warnings.length > 0) {
  console.error(warnings.join("\n"));
  Deno.exit(1);
}
console.log(`Open ${folder}/index.html`);
