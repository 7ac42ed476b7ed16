// Copyright 2026 the Tidings authors. MIT license.

/** Gives the bytes that a text takes in UTF-8, gzipped. */
export async function gzippedSize(text: string): Promise<number> {
  const gzip = new CompressionStream("gzip");
  const zipped = new Blob([text]).stream().pipeThrough(gzip);
  return (await new Response(zipped).bytes()).length;
}
