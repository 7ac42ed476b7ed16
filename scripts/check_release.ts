// Copyright 2026 the Tidings authors. MIT license.

/**
 * Fails where a release lacks something, and prints the dist-tag that it takes on npm
 * as GitHub reads the output of a step, `tag=next`. Its argument is the tag that was
 * pushed.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { checkRelease, chooseDistTag } from "./_release.ts";

const [gitTag = ""] = Deno.args;
const { name, version } = config;
const changelog = new URL("../CHANGELOG.md", import.meta.url);
checkRelease(gitTag, version, await Deno.readTextFile(changelog));
console.log(`tag=${chooseDistTag(version, await findLatest())}`);

/** The version that `latest` names on npm: none before there is the package. */
async function findLatest(): Promise<string | undefined> {
  const { success, stdout } = await new Deno.Command("npm", {
    args: ["view", name, "dist-tags", "--json"],
    stderr: "inherit",
  }).output();
  const text = new TextDecoder().decode(stdout);
  const answer = text.trim() === "" ? {} : JSON.parse(text);
  if (success) return answer.latest;
  if (answer.error?.code === "E404") return undefined;
  throw new Error(`Cannot release ${version}: npm does not tell its latest`);
}
