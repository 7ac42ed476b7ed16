// Copyright 2026 the Tidings authors. MIT license.

/** Whether there is a Node on this machine. */
export const hasNode: boolean = findNode();

function findNode(): boolean {
  try {
    return new Deno.Command("node", { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}
