// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes the links of the documents in a folder absolute, for the workflow that publishes
 * to JSR: `REPOSITORY_URL=https://… deno run -A scripts/absolute_links.ts <folder>`. They
 * lead to the files of the version in `deno.json`.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { toAbsoluteLinks } from "./_absolute_links.ts";
import { npmDocuments } from "./_npm_manifest.ts";
import { readRepositoryUrl } from "./_repository_url.ts";

const [folder] = Deno.args;
if (folder === undefined) {
  throw new Error("Cannot make links absolute: expected a folder, got nothing");
}
const version = {
  repositoryUrl: readRepositoryUrl(),
  tag: `v${config.version}`,
};
for (const file of npmDocuments.filter((file) => file.endsWith(".md"))) {
  const path = `${folder}/${file}`;
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, toAbsoluteLinks(text, version));
}
