// Copyright 2026 the Tidings authors. MIT license.

/** How the tests start Chromium. */

/** What it may be called on the PATH. */
export const CHROMIUM_NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
];

// No sandbox: tests often run as root, in a container. The rest keeps Chromium from
// looking for anything on the network but our servers.
const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/**
 * Starts a browser without a window.
 *
 * @param executable What is on the PATH.
 * @param profile The folder for all that it writes.
 * @param args What else it is told, such as an address.
 */
export function startChromium(
  executable: string,
  profile: string,
  args: readonly string[],
): Deno.ChildProcess {
  return new Deno.Command(executable, {
    args: [...ARGUMENTS, `--user-data-dir=${profile}`, ...args],
    // Where it would leave folders behind when it is killed.
    env: { TMPDIR: profile },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/**
 * Removes what a browser that has ended leaves behind. Its helpers may still write
 * while they end, after their parent.
 */
export async function removeProfile(profile: string): Promise<void> {
  for (let attempt = 0; attempt < 40; attempt++) {
    try {
      await Deno.remove(profile, { recursive: true });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  await Deno.remove(profile, { recursive: true });
}
