// Copyright 2026 the Tidings authors. MIT license.

/**
 * The links of the documents in the packages on npm and JSR, which have no guides and no
 * examples.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { toAbsoluteLinks } from "../../scripts/_absolute_links.ts";
import { npmDocuments } from "../../scripts/_npm_manifest.ts";

const REPOSITORY_URL = "https://example.com/a/b";
const VERSION = { repositoryUrl: REPOSITORY_URL, tag: "v1.2.3" };
const BLOB = `${REPOSITORY_URL}/blob/v1.2.3`;
const RAW = `${REPOSITORY_URL}/raw/v1.2.3`;

const ROWS: { name: string; text: string; expected: string }[] = [
  {
    name: "a file",
    text: "See [the guide](docs/a.md).",
    expected: `See [the guide](${BLOB}/docs/a.md).`,
  },
  {
    name: "a part of a file",
    text: "[a](docs/a.md#b)",
    expected: `[a](${BLOB}/docs/a.md#b)`,
  },
  {
    name: "a folder",
    text: "[a](examples)",
    expected: `[a](${BLOB}/examples)`,
  },
  {
    name: "two links of one line",
    text: "[a](a.md) [b](b.md)",
    expected: `[a](${BLOB}/a.md) [b](${BLOB}/b.md)`,
  },
  {
    name: "words on two lines",
    text: "[a\nb](a.md)",
    expected: `[a\nb](${BLOB}/a.md)`,
  },
  {
    name: "code as its words",
    text: "[`gzip()`](mod.ts)",
    expected: `[\`gzip()\`](${BLOB}/mod.ts)`,
  },
  {
    name: "a title",
    text: '[a](a.md "A")',
    expected: `[a](${BLOB}/a.md "A")`,
  },
  {
    name: "a picture",
    text: "![a](docs/a.png)",
    expected: `![a](${RAW}/docs/a.png)`,
  },
  {
    name: "a picture that is a link",
    text: "[![a](docs/a.png)](docs/a.md)",
    expected: `[![a](${RAW}/docs/a.png)](${BLOB}/docs/a.md)`,
  },
  {
    name: "a reference",
    text: "[a][b]\n\n[b]: docs/b.md",
    expected: `[a][b]\n\n[b]: ${BLOB}/docs/b.md`,
  },
  ...[
    "[a](https://example.org/docs/a.md)",
    "![a](https://example.org/a.png)",
    "[a](mailto:a@example.org)",
    "[a](#b)",
    "`[a](docs/a.md)`",
    "```ts\nconst [a](b.md) = 1;\n```",
    "- a\n\n  ```ts\n  [a](b.md)\n  ```",
  ].map((text) => ({ name: `${text}, which stays`, text, expected: text })),
];

for (const { name, text, expected } of ROWS) {
  Deno.test(`toAbsoluteLinks() with ${JSON.stringify(name)}`, () => {
    assertEquals(toAbsoluteLinks(text, VERSION), expected);
    // What is absolute stays.
    assertEquals(toAbsoluteLinks(expected, VERSION), expected);
  });
}

Deno.test("the script that JSR's documents go through makes all of their links absolute", async () => {
  const folder = await Deno.makeTempDir();
  const documents = npmDocuments.filter((file) => file.endsWith(".md"));
  for (const file of documents) {
    await Deno.copyFile(file, `${folder}/${file}`);
  }
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "scripts/absolute_links.ts", folder],
    env: { NO_COLOR: "1", REPOSITORY_URL },
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  for (const file of documents) {
    const text = await Deno.readTextFile(`${folder}/${file}`);
    assertEquals(toAbsoluteLinks(text, VERSION), text, file);
  }
  const readme = await Deno.readTextFile(`${folder}/README.md`);
  const version = `v${config.version}`;
  assertStringIncludes(
    readme,
    `](${REPOSITORY_URL}/blob/${version}/docs/frameworks.md)`,
  );
  assertStringIncludes(
    readme,
    `](${REPOSITORY_URL}/raw/${version}/docs/demo.png)`,
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("the script that JSR's documents go through fails without the repository", async () => {
  for (const url of ["", "http://example.com/a/b", "https://example.com/a/"]) {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "scripts/absolute_links.ts", "."],
      env: { NO_COLOR: "1", REPOSITORY_URL: url },
    }).output();
    assertEquals(success, false);
    assertStringIncludes(
      new TextDecoder().decode(stderr),
      "expected the URL of the repository in REPOSITORY_URL",
    );
  }
});
