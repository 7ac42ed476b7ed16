// Copyright 2026 the Tidings authors. MIT license.

/**
 * When the tests take what JSR has, and when what stands in for it.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { listFiles } from "../../scripts/_list_files.ts";
import config from "../../deno.json" with { type: "json" };
import { isJsrReachable } from "../../scripts/_import_map.ts";
import { JsrRegistry } from "../support/jsr_registry.ts";
import { RawServer } from "../support/raw_server.ts";

const STD_ASSERT = { "./assert": "export function assert(): void {}" };

Deno.test("isJsrReachable() asks JSR, and takes no answer from the cache", async () => {
  await using jsr = await JsrRegistry.serve({ "@std/assert": STD_ASSERT });

  assert(await isJsrReachable(jsr));
  const { length } = jsr.requests;
  assert(await isJsrReachable(jsr));
  assertEquals(jsr.requests.length, 2 * length);

  // The cache has all of it.
  await jsr.close();
  assertEquals(await isJsrReachable(jsr), false);
});

Deno.test("isJsrReachable() does not wait for a JSR that is silent", async () => {
  await using silent = new RawServer(({ left }) => left());
  const env = { JSR_URL: silent.url };

  assertEquals(await isJsrReachable({ env, timeout: 500 }), false);
});

for (const script of ["run_tests.ts", "test_pack.ts", "check.ts"]) {
  Deno.test(`REQUIRE_JSR has scripts/${script} fail where JSR is out of reach`, async () => {
    await using jsr = await JsrRegistry.serve({});

    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: ["run", "-A", "--no-check", `scripts/${script}`],
        env: { ...jsr.env, REQUIRE_JSR: "1" },
      },
    ).output();

    assertEquals(success, false);
    assertStringIncludes(
      new TextDecoder().decode(stderr),
      "REQUIRE_JSR is set, and JSR is out of reach",
    );
    assertEquals(new TextDecoder().decode(stdout), "");
  });
}

Deno.test("deno.json names no package that nothing imports", async () => {
  const unused = new Set(Object.keys(config.imports));
  for (const name of await listFiles("tests")) {
    if (!name.endsWith("_test.ts")) continue;
    const text = await Deno.readTextFile(`tests/${name}`);
    for (const specifier of unused) {
      const isImported = new RegExp(`^.*from "${specifier}["/]`, "m");
      if (isImported.test(text)) unused.delete(specifier);
    }
  }
  assertEquals([...unused], []);
});
