// Copyright 2026 the Tidings authors. MIT license.

/** Files with code that means this package, such as that of the guides. */

/** Puts code where the package's own name means this package, for a while. */
export async function withFile(
  code: string,
  run: (file: string) => Promise<void>,
): Promise<void> {
  const file = await Deno.makeTempFile({
    dir: "tests",
    prefix: "_doc_block_",
    suffix: ".ts",
  });
  try {
    await Deno.writeTextFile(file, code);
    await run(file);
  } finally {
    await Deno.remove(file);
  }
}
