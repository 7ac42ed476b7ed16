// Copyright 2026 the Tidings authors. MIT license.

/**
 * Our `EventSource` beside the browser's own class in one page of Chromium, and beside a
 * `fetch` body that is read and thrown away, as a Markdown table of elapsed time for an
 * event. They take turns, and the median of each round's ratio counts: other work on the
 * machine slows all.
 */

import { launchBrowser } from "../../scripts/_browsers.ts";
import { bundle } from "../../scripts/_bundle.ts";
import { cut, cutBytes } from "../_fixtures.ts";
import { clientWorkload } from "./_workload.ts";

/** How often each class reads a stream; the first times are thrown away. */
const ROUNDS = 9;
const WARM_UP = 3;

/** How often a stream repeats its 2222 events. */
const REPEATS = { "64KiB": 9, "16KiB": 9, "event": 1 };

/** Milliseconds of one round. */
interface Times {
  ours: number;
  native: number;
  body: number;
}

type BrowserChunking = keyof typeof REPEATS;

/** Reads with one class and then the other. */
const PAGE = `
import { EventSource } from "/client.js";
const read = (Class, url, types) => new Promise((resolve) => {
  const begin = performance.now();
  const source = new Class(url);
  let length = 0;
  for (const type of types) {
    source.addEventListener(type, ({ data }) => { length += data.length; });
  }
  source.addEventListener("end", () => {
    source.close();
    resolve(performance.now() - begin);
  });
});
const readBody = async (url) => {
  const begin = performance.now();
  const reader = (await fetch(url)).body.getReader();
  while (!(await reader.read()).done);
  return performance.now() - begin;
};
globalThis.measure = async ({ chunking, types, round }) => {
  const time = {};
  const url = "/" + chunking;
  const classes = { ours: EventSource, native: globalThis.EventSource };
  const names = round % 2 ? ["ours", "native"] : ["native", "ours"];
  for (const name of names) time[name] = await read(classes[name], url, types);
  time.body = await readBody(url);
  return time;
};
`;

const workload = clientWorkload();
const types = [...new Set(workload.events.map(({ event }) => event))];
const entry = new URL("../../client.ts", import.meta.url).pathname;
const code = await bundle(entry, { minify: true });

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  answer,
);
const browser = await launchBrowser("chromium");
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.addr.port}/`);
  console.log(`${await browser.version()}, ${Deno.build.target}\n`);
  console.log(
    "| Row | Ours | Native | Result | fetch body |\n|---|--:|--:|--:|--:|",
  );
  for (const chunking of Object.keys(REPEATS) as BrowserChunking[]) {
    const times: Times[] = [];
    for (let round = 0; round < WARM_UP + ROUNDS; round++) {
      const time = await page.evaluate(
        `measure(${JSON.stringify({ chunking, types, round })})`,
      ) as Times;
      if (round >= WARM_UP) times.push(time);
    }
    print(chunking, times);
  }
} finally {
  await browser.close();
  await server.shutdown();
}

function print(
  chunking: BrowserChunking,
  times: Times[],
): void {
  const count = workload.events.length * REPEATS[chunking];
  const show = (time: number) => `${(time * 1000 / count).toFixed(1)} µs`;
  const ours = median(times.map((time) => time.ours));
  const native = median(times.map((time) => time.native));
  const body = median(times.map((time) => time.body));
  const ratio = median(times.map((time) => time.native / time.ours));
  const cells = [show(ours), show(native), `${ratio.toFixed(2)} ×`, show(body)];
  console.log(
    `| client/chromium/${chunking} EventSource | ${cells.join(" | ")} |`,
  );
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function answer(request: Request): Response {
  const { pathname } = new URL(request.url);
  if (pathname === "/") {
    return new Response(
      `<!DOCTYPE html><script type="module" src="/page.js"></script>`,
      { headers: { "content-type": "text/html" } },
    );
  }
  if (pathname.endsWith(".js")) {
    const text = pathname === "/client.js" ? code : PAGE;
    return new Response(text, {
      headers: { "content-type": "text/javascript" },
    });
  }
  const name = pathname.slice(1) as BrowserChunking;
  const chunks = name === "16KiB"
    ? cut(workload, "64KiB").flatMap((chunk) => cutBytes(chunk, 16 * 1024))
    : cut(workload, name);
  const end = new TextEncoder().encode("event: end\ndata: 0\n\n");
  const all = Array.from({ length: REPEATS[name] ?? 0 }, () => chunks).flat();
  return new Response(ReadableStream.from([...all, end]), {
    headers: { "content-type": "text/event-stream" },
  });
}
