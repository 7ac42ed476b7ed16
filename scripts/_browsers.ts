// Copyright 2026 the Tidings authors. MIT license.

/**
 * Starts the browsers that the tests use, each found on the PATH. `puppeteer-core` speaks to
 * Chromium by its DevTools protocol, and to Firefox by WebDriver BiDi.
 *
 * @module
 */

import puppeteer, { type Browser } from "npm:puppeteer-core@25.16.0";

export type { Browser };

/** A browser that can be tested; `_webkit.ts` starts the last one. */
export type BrowserName = PuppeteerName | "webkit";

/** A browser that `puppeteer-core` starts. */
type PuppeteerName = "chromium" | "firefox";

interface BrowserKind {
  /** What it may be called on the PATH. */
  programs: string[];
  /** What `puppeteer-core` calls it. */
  product: "chrome" | "firefox";
  args: string[];
}

/** Milliseconds for a command: a page may wait until a tab that hangs is replaced. */
const COMMAND_TIME_LIMIT = 30_000;

const KINDS: Record<PuppeteerName, BrowserKind> = {
  chromium: {
    programs: [
      "chromium",
      "chromium-browser",
      "google-chrome",
      "google-chrome-stable",
    ],
    product: "chrome",
    // Tests often run as root, in a container, where the sandbox does not start.
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic"],
  },
  firefox: {
    programs: ["firefox-esr", "firefox"],
    product: "firefox",
    args: [],
  },
};

/**
 * Finds a browser on the PATH.
 *
 * @throws {Error} If it is not there.
 */
export async function findBrowser(name: PuppeteerName): Promise<string> {
  const { programs } = KINDS[name];
  for (const program of programs) {
    for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
      const path = `${folder}/${program}`;
      if (await isFile(path)) return path;
    }
  }
  throw new Error(
    `Cannot find a browser: none of ${programs.join(", ")} is on the PATH`,
  );
}

/**
 * Starts a browser without a window, and with a new profile that goes when it ends.
 *
 * @param name Which browser.
 * @param args Command line arguments besides our own.
 */
export async function launchBrowser(
  name: PuppeteerName,
  args: readonly string[] = [],
): Promise<Browser> {
  const kind = KINDS[name];
  return await puppeteer.launch({
    browser: kind.product,
    executablePath: await findBrowser(name),
    headless: true,
    args: [...kind.args, ...args],
    // A page has the size of its window.
    defaultViewport: null,
    protocolTimeout: COMMAND_TIME_LIMIT,
  });
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
