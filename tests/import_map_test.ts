// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals } from "@std/assert";
import { isJsrReachable } from "../scripts/_import_map.ts";
import { JsrRegistry } from "./_jsr_registry.ts";
import { RawServer } from "./_raw_server.ts";

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
