// Copyright 2026 the Tidings authors. MIT license.

/**
 * Loaded before a program (`--preload`), it lets the first attempts to open Deno KV
 * fail as they do while another process makes the file: once in some 25 tries.
 */

const openKv = Deno.openKv;
let attempts = 0;

// It has a getter alone.
Object.defineProperty(Deno, "openKv", {
  async value(path?: string): Promise<Deno.Kv> {
    if (++attempts <= 2) throw new Error("database is locked");
    return await openKv(path);
  },
});

export {};
