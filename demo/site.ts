// Copyright 2026 the Tidings authors. MIT license.

/**
 * The files that the demo serves: its page, its scripts, the guides, and the parts of its
 * own source that the page shows.
 *
 * @module
 */

import { bundle } from "../scripts/_bundle.ts";

const HTML = "text/html; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";
const TEXT = "text/plain; charset=utf-8";

const SCRIPTS = [
  "page",
  "live",
  "answer",
  "rooms",
  "chart",
  "code",
  "resumption",
];
/** The files with the part of each name, from the server to the page. */
const PARTS: Record<string, readonly string[]> = {
  live: ["live.ts", "live.js"],
  answer: ["answer_run.ts", "answer.js"],
  rooms: ["rooms.ts", "rooms.js"],
};
const GUIDE_REGEXP = /^\/(README\.md|docs\/\w+\.md)$/;
const STATE = "<!-- state -->";
// Served if the library cannot be bundled, such as on a first start without a network.
const NO_LIBRARY = `
export const EventSource = globalThis.EventSource;
export class SharedEventSource extends EventSource {
  isLeader = true;
}
export function followPage() {}
`;

/** The files of the demo. */
export class Site {
  /** The part of the library that the page imports; the first request for it sets it. */
  #library: Promise<string> | undefined;

  /** Makes the page with the state that it begins with. */
  async makePage(state: unknown): Promise<Response> {
    const json = JSON.stringify(state).replaceAll("<", "\\u003c");
    const script =
      `<script type="application/json" id="start">${json}</script>`;
    const page = (await read("page.html")).replace(STATE, () => script);
    return respond(page, HTML);
  }

  /** Answers a request for a file, `undefined` if there is none. */
  async answer({ pathname, searchParams }: URL): Promise<Response | undefined> {
    if (pathname === "/page.css") {
      return respond(await read("page.css"), "text/css; charset=utf-8");
    }
    if (pathname === "/library.js") {
      this.#library ??= bundle(import.meta.resolve("./library.ts"))
        .catch(() => NO_LIBRARY);
      return respond(await this.#library, SCRIPT);
    }
    if (pathname === "/code") {
      const name = searchParams.get("part") ?? "";
      if (Object.hasOwn(PARTS, name)) {
        return respond(await readParts(name), TEXT);
      }
    }
    if (GUIDE_REGEXP.test(pathname)) {
      return await read(`..${pathname}`).then(
        (text) => respond(text, TEXT),
        () => undefined,
      );
    }
    const script = SCRIPTS.find((name) => pathname === `/${name}.js`);
    if (script === undefined) return undefined;
    return respond(await read(`${script}.js`), SCRIPT);
  }
}

/** Reads what stands between `#region name` and `#endregion` in the files of a part. */
async function readParts(name: string): Promise<string> {
  const parts = PARTS[name]!.map(async (file) => {
    const source = await read(file);
    const start = source.indexOf(`// #region ${name}\n`);
    const begin = source.indexOf("\n", start) + 1;
    const end = source.lastIndexOf(
      "\n",
      source.indexOf("// #endregion", begin),
    );
    return `// demo/${file}\n\n${source.slice(begin, end)}\n`;
  });
  return (await Promise.all(parts)).join("\n\n");
}

async function read(file: string): Promise<string> {
  return await (await fetch(new URL(file, import.meta.url))).text();
}

function respond(body: string, type: string): Response {
  return new Response(body, { headers: { "content-type": type } });
}
