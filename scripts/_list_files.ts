// Copyright 2026 the Tidings authors. MIT license.

/**
 * Lists the files of a folder, for the scripts that build and check the packages.
 *
 * @module
 */

/** Lists the files in a folder, by their paths from there, with slashes. */
export async function listFiles(
  folder: string,
  prefix = "",
): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(`${folder}/${prefix}`)) {
    const path = prefix + entry.name;
    if (entry.isDirectory) files.push(...await listFiles(folder, `${path}/`));
    else files.push(path);
  }
  return files.sort();
}
