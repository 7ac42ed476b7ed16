// Copyright 2026 the Tidings authors. MIT license.

/** Runs the tests in headless Chromium. */

import type { TestReport } from "../tests/runtimes/deno_stand_in.ts";
import { removeProfile, startChromium } from "./_chromium.ts";
import { Tunnel } from "./_tunnel.ts";

/** Where in the browser the tests run. */
export type BrowserPlace = "page" | "worker";

/** Runs a bundle of `tests/runtimes/browser.ts`. */
export async function runInChromium(
  executable: string,
  code: string,
  place: BrowserPlace,
  timeLimit: AbortSignal,
): Promise<TestReport> {
  const { promise, resolve } = Promise.withResolvers<TestReport>();
  await using tunnel = new Tunnel();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => answer(request, code, pageFor(place, tunnel.url), resolve),
  );
  const profile = await Deno.makeTempDir();
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const chromium = startChromium(executable, profile, [
    // Each server of a test is another origin, and what it sends is what is tested.
    "--disable-web-security",
    url,
  ]);
  try {
    return await Promise.race([
      promise,
      rejectOnAbort(timeLimit),
      chromium.status.then(({ code }) => {
        throw new Error(`It ended with exit status ${code} before the tests`);
      }),
    ]);
  } finally {
    await end(chromium);
    await removeProfile(profile);
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

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

async function end(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill();
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof TypeError)) throw error;
  }
  await child.status;
}
