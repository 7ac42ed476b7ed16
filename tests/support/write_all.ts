// Copyright 2026 the Tidings authors. MIT license.

/** Writes all of the bytes, of which a single call may take a part. */
export async function writeAll(
  connection: Deno.Conn,
  bytes: Uint8Array,
): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await connection.write(rest));
}
