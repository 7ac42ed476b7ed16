// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs the tests in a headless browser. `test_runtime.ts` calls it.
 *
 * @module
 */

import type { TestReport } from "../tests/runtimes/deno_stand_in.ts";
import { type BrowserName, launchBrowser } from "./_browsers.ts";
import { Tunnel } from "./_tunnel.ts";
import { WebKit } from "./_webkit.ts";

/** Where in the browser the tests run. */
export type BrowserPlace = "page" | "worker";

// Each server of a test is another origin, and what it sends is what is tested. Firefox has
// no such argument: there, the tunnel allows what a page asks for.
const ARGUMENTS: Record<BrowserName, string[]> = {
  chromium: ["--disable-web-security"],
  firefox: [],
  webkit: ["--disable-web-security=true"],
};

/** Runs a bundle of `tests/runtimes/browser.ts`. */
export async function runInBrowser(
  name: BrowserName,
  code: string,
  place: BrowserPlace,
  timeLimit: AbortSignal,
): Promise<TestReport> {
  const { promise, resolve, reject } = Promise.withResolvers<TestReport>();
  await using tunnel = new Tunnel(name === "firefox");
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => answer(request, code, pageFor(place, tunnel.url), resolve),
  );
  const args = ARGUMENTS[name];
  const browser = name === "webkit"
    ? await WebKit.launch(args)
    : await launchBrowser(name, args);
  try {
    if (!(browser instanceof WebKit)) {
      browser.on("disconnected", () => reject(new Error("The browser ended")));
    }
    timeLimit.addEventListener("abort", () => reject(timeLimit.reason));
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    return await promise;
  } finally {
    await browser.close();
  }
}

async function answer(
  request: Request,
  code: string,
  page: string,
  resolve: (report: TestReport) => void,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/":
      return new Response(page, {
        headers: { "content-type": "text/html; charset=utf-8" },
      });
    case "/tests.js":
      return new Response(code, {
        headers: { "content-type": "text/javascript; charset=utf-8" },
      });
    case "/report":
      resolve(await request.json());
      return new Response(null, { status: 204 });
    default:
      return new Response(null, { status: 404 });
  }
}

function pageFor(place: BrowserPlace, tunnel: string): string {
  const query = new URLSearchParams({ tunnel });
  for (const name of ["SEED", "FILTER"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) query.set(name, value);
  }
  const tests = `/tests.js?${query}`;
  const script = place === "page"
    ? `import ${JSON.stringify(tests)};`
    : `new Worker(${JSON.stringify(tests)}, { type: "module" });`;
  return `<!doctype html><title>Tests</title><script type="module">${script}</script>`;
}
