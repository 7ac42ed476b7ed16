// Copyright 2026 the Tidings authors. MIT license.

/** The documentation of the exports as HTML, which `deno task docs` renders. */

import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { listFiles } from "../../scripts/_list_files.ts";

const HREF_REGEXP = /\bhref="([^"]*)"/g;
/** A character as HTML writes it in an attribute. */
const CHARACTER_REGEXP = /&#x([\da-f]+);/gi;

Deno.test("docs: the documentation of all exports renders without a warning, and its links lead somewhere", async () => {
  const folder = await Deno.makeTempDir();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "scripts/docs.ts", folder],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assertEquals([code, decoder.decode(stderr)], [0, ""]);
  assertEquals(decoder.decode(stdout), `Open ${folder}/index.html\n`);

  const files = new Set(await listFiles(folder));
  for (const path of Object.keys(config.exports)) {
    const page = path === "." ? "index.html" : `${path.slice(2)}/index.html`;
    assert(files.has(page), page);
  }
  const broken = new Set<string>();
  for (const file of files) {
    if (!file.endsWith(".html")) continue;
    const text = await Deno.readTextFile(`${folder}/${file}`);
    assert(!text.includes("{@link"), file);
    for (const [, target = ""] of text.matchAll(HREF_REGEXP)) {
      const link = target.replaceAll(
        CHARACTER_REGEXP,
        (_, code) => String.fromCodePoint(parseInt(code, 16)),
      );
      // Those to a source file are absolute.
      const isAbsolute = /^\w+:/.test(link);
      const { pathname } = new URL(link, `file:///${file}`);
      const path = decodeURI(pathname).slice(1) ||
        "index.html";
      const isThere = isAbsolute || files.has(path);
      if (!isThere) broken.add(`${file}: ${target}`);
    }
  }
  assertEquals([...broken], []);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("docs: the task that renders the documentation writes where git does not look", async () => {
  assertEquals(config.tasks.docs.command, "deno run -A scripts/docs.ts");
  const script = await Deno.readTextFile("scripts/docs.ts");
  const [, folder] = /Deno\.args\[0\] \?\? "([^"]+)"/.exec(script) ?? [];
  const ignored = await Deno.readTextFile(".gitignore");
  assert(ignored.split("\n").includes(`${folder}/`), folder);
});
