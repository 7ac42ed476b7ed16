// Copyright 2026 the Tidings authors. MIT license.

/** Looks for the programs that some tests run, such as the server of Redis. */

/** Whether a program is there, and tells its version. */
export async function hasProgram(program: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}
