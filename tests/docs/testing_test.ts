// Copyright 2026 the Tidings authors. MIT license.

/** The test that `docs/testing.md` prints for Node, as it is printed. */

import { assert, assertEquals } from "@std/assert";
import { bundle } from "../../scripts/_bundle.ts";
import { hasNode } from "../support/has_node.ts";
import { withFile } from "./_with_file.ts";

Deno.test({
  name: `docs: the test with the timers of Node passes${
    hasNode ? "" : " (ignored: there is no Node)"
  }`,
  ignore: !hasNode,
  async fn() {
    const page = await Deno.readTextFile("docs/testing.md");
    const code = page.split("```js ignore testing\n")[1]?.split("```")[0];
    assert(code !== undefined);
    const bundled = await Deno.makeTempFile({ suffix: ".test.mjs" });
    try {
      await withFile(
        code,
        async (file) => Deno.writeTextFile(bundled, await bundle(file)),
      );
      const { code: status, stdout } = await new Deno.Command("node", {
        args: ["--test", "--test-timeout=10000", bundled],
        env: { NO_COLOR: "1" },
      }).output();
      assertEquals(status, 0, new TextDecoder().decode(stdout));
    } finally {
      await Deno.remove(bundled);
    }
  },
});
