// Copyright 2026 the Tidings authors. MIT license.

/** Formats text as `deno fmt` would format a file with that extension. */
export async function format(text: string, extension: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", `--ext=${extension}`, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writing = new Blob([text]).stream().pipeTo(child.stdin);
  const { success, stdout } = await child.output();
  await writing;
  if (!success) throw new Error(`Cannot format ${extension}`);
  return new TextDecoder().decode(stdout);
}
