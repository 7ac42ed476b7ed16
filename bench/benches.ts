// Copyright 2026 the Tidings authors. MIT license.

/**
 * All benches of `deno bench`, the hot path of the parser first: `deno bench` itself would
 * sort them by name.
 *
 * `deno task bench`
 *
 * @module
 */

// One after the other: each of them waits before it adds its groups.
await import("./parser/parser_bench.ts");
await import("./parser/stream_bench.ts");
await import("./encoder/encoder_bench.ts");
await import("./client/client_bench.ts");
