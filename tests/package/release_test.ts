// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a release must have, and under which dist-tag npm gets it.
 *
 * @module
 */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { checkRelease, chooseDistTag } from "../../scripts/_release.ts";

const ROOT = new URL("../../", import.meta.url);

const TAGS: [version: string, latest: string | undefined, tag: string][] = [
  ["0.1.0", undefined, "latest"],
  ["0.1.0-rc.1", undefined, "next"],
  // npm has the first version as its latest, whatever the tag.
  ["0.1.0", "0.1.0-rc.1", "latest"],
  ["0.1.0-rc.2", "0.1.0-rc.1", "next"],
  ["0.1.0-rc.10", "0.1.0-rc.9", "next"],
  ["0.1.0-rc.9", "0.1.0-rc.10", "next-0.1"],
  ["0.1.0-rc.1", "0.1.0-beta.2", "next"],
  ["0.1.0-rc", "0.1.0-rc.1", "next-0.1"],
  ["0.1.0-1", "0.1.0-rc", "next-0.1"],
  ["0.2.0-rc.1", "0.1.0", "next"],
  ["0.2.0", "0.1.9", "latest"],
  ["0.1.10", "0.1.9", "latest"],
  ["0.1.1", "0.2.0", "latest-0.1"],
  ["1.0.0", "0.9.0", "latest"],
  ["1.4.7", "2.0.0", "latest-1"],
  ["1.4.7-rc.1", "2.0.0", "next-1"],
  ["2.0.1", "2.1.0", "latest-2"],
  ["2.0.0-rc.1", "1.9.9", "next"],
  ["2.0.0-rc.1", "2.0.0", "next-2"],
  ["10.0.0", "9.0.0", "latest"],
  // A job that failed is run again.
  ["0.1.0", "0.1.0", "latest"],
];

for (const [version, latest, tag] of TAGS) {
  Deno.test(`chooseDistTag() gives ${tag} for ${version} beside ${latest}`, () => {
    assertEquals(chooseDistTag(version, latest), tag);
  });
}

Deno.test("chooseDistTag() throws SyntaxError for what is not a version", () => {
  for (
    const text of ["", "1", "1.0", "v1.0.0", "1.0.0-", "1.0.0.0", "01.0.0"]
  ) {
    assertThrows(
      () => chooseDistTag(text),
      SyntaxError,
      `Cannot choose dist-tag: expected a version, got ${JSON.stringify(text)}`,
    );
    assertThrows(() => chooseDistTag("1.0.0", text), SyntaxError);
  }
});

const NOTES = "\n\n### Added\n\n- A line.\n";

Deno.test("checkRelease() takes a version that CHANGELOG.md has, with a date", () => {
  const changelog = `# Changelog\n\n## [Unreleased]\n\n` +
    `## [0.2.0] - 2026-12-01${NOTES}\n## [0.1.0] - 2026-11-01${NOTES}`;
  checkRelease("v0.2.0", "0.2.0", changelog);
  checkRelease("v0.1.0", "0.1.0", changelog);
});

Deno.test("checkRelease() throws if the tag or CHANGELOG.md is of another version", () => {
  const rows: [tag: string, changelog: string, message: string][] = [
    ["v0.2.1", `## [0.2.0] - 2026-12-01${NOTES}`, 'tag "v0.2.0", got "v0.2.1"'],
    ["v0.2.0", `## [Unreleased]${NOTES}`, "has no section [0.2.0]"],
    ["v0.2.0", `## [0.2.0-rc.1] - 2026-12-01${NOTES}`, "has no section"],
    ["v0.2.0", `## [0.2.0]${NOTES}`, 'got "[0.2.0]"'],
    ["v0.2.0", `## [0.2.0] - soon${NOTES}`, 'got "[0.2.0] - soon"'],
    ["v0.2.0", `## [0.2.0] - 2026-02-30${NOTES}`, "and a date"],
    ["v0.2.0", "## [0.2.0] - 2026-12-01\n", "is empty"],
    [
      "v0.2.0",
      `## [0.2.0] - 2026-12-01\n\n### Added\n\n## [0.1.0] - 2026-11-01${NOTES}`,
      "is empty",
    ],
  ];
  for (const [tag, changelog, message] of rows) {
    const { message: text } = assertThrows(
      () => checkRelease(tag, "0.2.0", changelog),
      Error,
    );
    assertStringIncludes(text, "Cannot release 0.2.0: ");
    assertStringIncludes(text, message);
  }
});

for (
  const { title, answer, code, output } of [
    { title: "what npm has", answer: '{ "latest": "999.0.0" }', output: true },
    {
      title: "that npm lacks the package",
      answer: '{ "error": { "code": "E404" } }',
      code: 1,
      output: true,
    },
    {
      title: "that npm does not answer",
      answer: '{ "error": { "code": "ETIMEDOUT" } }',
      code: 1,
      output: false,
    },
  ]
) {
  Deno.test({
    name: `check_release.ts goes by ${title}`,
    // The job runs on Linux.
    ignore: Deno.build.os === "windows",
    async fn() {
      const folder = await Deno.makeTempDir();
      await Deno.writeTextFile(
        `${folder}/npm`,
        `#!/bin/sh\necho '${answer}'\nexit ${code ?? 0}\n`,
        { mode: 0o755 },
      );
      // A working copy in which the version is released.
      for (const file of ["_release.ts", "check_release.ts"]) {
        await Deno.mkdir(`${folder}/scripts`, { recursive: true });
        await Deno.copyFile(
          new URL(`scripts/${file}`, ROOT),
          `${folder}/scripts/${file}`,
        );
      }
      const { name } = config;
      await Deno.writeTextFile(
        `${folder}/deno.json`,
        JSON.stringify({ name, version: "0.2.0" }),
      );
      await Deno.writeTextFile(
        `${folder}/CHANGELOG.md`,
        `## [0.2.0] - 2026-12-01${NOTES}`,
      );

      const { success, stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "scripts/check_release.ts", "v0.2.0"],
        cwd: folder,
        env: { PATH: `${folder}:${Deno.env.get("PATH")}` },
        stderr: "null",
      }).output();

      const tag = code === undefined ? "latest-0.2" : "latest";
      assertEquals(success, output);
      assertEquals(
        new TextDecoder().decode(stdout),
        output ? `tag=${tag}\n` : "",
      );
      await Deno.remove(folder, { recursive: true });
    },
  });
}
