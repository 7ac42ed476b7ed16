// Copyright 2026 the Tidings authors. MIT license.

/** The peers that are printed above a table and recorded with it. */

/**
 * Gives the peers with their exact versions: those of npm as they are pinned, those
 * of JSR as they are resolved here.
 *
 * @param imports Of `bench/deno.json`.
 */
export async function peerVersions(
  imports: Record<string, string>,
): Promise<string[]> {
  const peers: string[] = [];
  for (const specifier of Object.values(imports)) {
    const [scheme, peer = ""] = specifier.split(":", 2);
    if (scheme === "npm") peers.push(peer);
    if (scheme === "jsr") peers.push(await resolveJsrVersion(peer));
  }
  return peers;
}

/** Gives `@std/http@1.2.3` for `@std/http@^1`, or says that JSR is out of reach. */
async function resolveJsrVersion(peer: string): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-config", `jsr:${peer}`],
    stderr: "null",
  }).output();
  const { packages = {} } = JSON.parse(new TextDecoder().decode(stdout)) as {
    packages?: Record<string, string>;
  };
  const name = peer.slice(0, peer.lastIndexOf("@"));
  return Object.values(packages).find((version) =>
    version.startsWith(`${name}@`)
  ) ?? `${peer} (out of reach)`;
}
