// Copyright 2026 the Tidings authors. MIT license.

/**
 * Our `EventSource` beside the browser's own class in one page of Chromium, as Markdown
 * tables of the elapsed time for an event and of the processor time of the page's thread. They
 * take turns with what no script can do without: a `fetch` body that is read and thrown away,
 * and one whose events are split off and dispatched, all in a row and with an event loop turn
 * for each. The median of each round's ratio counts: other work on the machine slows all.
 */

import { type Browser, launchBrowser } from "../../scripts/_browsers.ts";
import { bundle } from "../../scripts/_bundle.ts";
import { cut, cutBytes } from "../_fixtures.ts";
import { clientWorkload } from "./_workload.ts";

/** How often each class reads a stream; the first times are thrown away. */
const ROUNDS = 9;
const WARM_UP = 3;

/** How often a stream repeats its 2222 events. */
const REPEATS = { "64KiB": 9, "16KiB": 9, "event": 4 };

/**
 * What takes turns: `floor` is the least that a script has to do, and `floorInTurns` the same
 * where what a listener awaits comes before the next event.
 */
const READERS = ["ours", "native", "floorInTurns", "floor", "body"] as const;

/** Microseconds for an event in one round. */
type Times = Record<typeof READERS[number], number>;

type BrowserChunking = keyof typeof REPEATS;

type Page = Awaited<ReturnType<Browser["newPage"]>>;
type Session = Awaited<ReturnType<Page["createCDPSession"]>>;

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
// One message makes many event loop turns: the browser runs the microtasks after each listener.
const createTurns = () => {
  const { port1, port2 } = new MessageChannel();
  let left = 0;
  let resolve;
  for (let i = 0; i < 64; i++) {
    port1.addEventListener("message", (message) => {
      left--;
      if (resolve === undefined) {
        message.stopImmediatePropagation();
        left = 0;
      }
      resolve?.();
      resolve = undefined;
    });
  }
  port1.start();
  return () => {
    if (left === 0) {
      left = 64;
      port2.postMessage(0);
    }
    return new Promise((given) => resolve = given);
  };
};
const readAndDispatch = async (url, types, isInTurns) => {
  const endTurn = createTurns();
  const begin = performance.now();
  const target = new EventTarget();
  let length = 0;
  for (const type of types) {
    target.addEventListener(type, ({ data }) => { length += data.length; });
  }
  const reader = (await fetch(url)).body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return performance.now() - begin;
    const blocks = (rest + decoder.decode(value, { stream: true })).split("\\n\\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const [, type] = block.match(/^event: (.*)/m) ?? [, "message"];
      const [, data] = block.match(/^data: (.*)/m) ?? [, ""];
      const init = { data, origin, lastEventId: "" };
      target.dispatchEvent(new MessageEvent(type, init));
      if (isInTurns) await endTurn();
    }
  }
};
globalThis.measure = ({ reader, chunking, types }) => {
  const url = "/" + chunking;
  if (reader === "body") return readBody(url);
  if (reader.startsWith("floor")) {
    return readAndDispatch(url, types, reader === "floorInTurns");
  }
  return read(reader === "ours" ? EventSource : globalThis.EventSource, url, types);
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
  const session = await page.createCDPSession();
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  console.log(`${await browser.version()}, ${Deno.build.target}`);
  const elapsed: string[] = [];
  const processor: string[] = [];
  for (const chunking of Object.keys(REPEATS) as BrowserChunking[]) {
    const rounds: { elapsed: Times; processor: Times }[] = [];
    for (let round = 0; round < WARM_UP + ROUNDS; round++) {
      const result = await measure(page, session, chunking, round);
      if (round >= WARM_UP) rounds.push(result);
    }
    elapsed.push(format(chunking, rounds.map(({ elapsed }) => elapsed)));
    processor.push(format(chunking, rounds.map(({ processor }) => processor)));
  }
  print("Elapsed time", elapsed);
  print("Processor time", processor);
} finally {
  await browser.close();
  await server.shutdown();
}

/** Lets each read the stream once. */
async function measure(
  page: Page,
  session: Session,
  chunking: BrowserChunking,
  round: number,
): Promise<{ elapsed: Times; processor: Times }> {
  const count = workload.events.length * REPEATS[chunking];
  const elapsed = {} as Times;
  const processor = {} as Times;
  for (const reader of round % 2 ? READERS : READERS.toReversed()) {
    const before = await getProcessorTime(session);
    const argument = JSON.stringify({ reader, chunking, types });
    const time = await page.evaluate(`measure(${argument})`) as number;
    elapsed[reader] = time * 1000 / count;
    const used = await getProcessorTime(session) - before;
    processor[reader] = used * 1e6 / count;
  }
  return { elapsed, processor };
}

/** Seconds that the page's thread has run tasks. */
async function getProcessorTime(session: Session): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN;
}

function format(chunking: BrowserChunking, times: Times[]): string {
  const show = (reader: keyof Times) =>
    `${median(times.map((time) => time[reader])).toFixed(1)} µs`;
  const compare = (reader: keyof Times) =>
    `${median(times.map((time) => time.native / time[reader])).toFixed(2)} ×`;
  const cells = [show("ours"), show("native"), compare("ours")];
  for (const floor of ["floorInTurns", "floor"] as const) {
    cells.push(show(floor), compare(floor));
  }
  cells.push(show("body"));
  return `| client/chromium/${chunking} EventSource | ${cells.join(" | ")} |`;
}

function print(title: string, rows: string[]): void {
  const columns =
    "Ours | Native | Result | Floor in turns | Result | Floor | Result | fetch body";
  console.log(`\n| ${title} | ${columns} |\n|---${"|--:".repeat(8)}|`);
  console.log(rows.join("\n"));
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
