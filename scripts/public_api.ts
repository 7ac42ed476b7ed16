// Copyright 2026 the Tidings authors. MIT license.

/**
 * Writes the list of the public API, `tests/package/public_api.txt`, so that a change
 * of the API shows in the diff: `deno task api`.
 *
 * @module
 */

import { listPublicApi } from "./_public_api.ts";

const file = new URL("../tests/package/public_api.txt", import.meta.url);
await Deno.writeTextFile(file, await listPublicApi());
