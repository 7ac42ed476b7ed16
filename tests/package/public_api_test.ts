// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals } from "@std/assert";
import { listPublicApi } from "../../scripts/_public_api.ts";

Deno.test("the public API is what public_api.txt lists (deno task api)", async () => {
  const file = new URL("./public_api.txt", import.meta.url);
  assertEquals(await Deno.readTextFile(file), await listPublicApi());
});
