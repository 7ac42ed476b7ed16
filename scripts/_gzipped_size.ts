// Copyright 2026 the Tidings authors. MIT license.

/**
 * Measures a text as it is sent with gzip, for `size.ts` and `size_modules.ts`.
 *
 * @module
 */

/** Gives the bytes that a text takes in UTF-8, gzipped. */
export async function gzippedSize(text: string): Promise<number> {
  const gzip = new CompressionStream("gzip");
  const zipped = new Blob([text]).stream().pipeThrough(gzip);
  return (await new Response(zipped).bytes()).length;
}
