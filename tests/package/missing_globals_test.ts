// Copyright 2026 the Tidings authors. MIT license.

/** React Native and test environments lack globals, and need none that is not used. */

import { assertEquals } from "@std/assert";

import config from "../../deno.json" with { type: "json" };

const ALL = [
  "ReadableStream",
  "TransformStream",
  "WritableStream",
  "MessageEvent",
  "EventTarget",
  "Event",
  "ErrorEvent",
  "CustomEvent",
  "CloseEvent",
  "MessageChannel",
  "MessagePort",
  "BroadcastChannel",
  "CompressionStream",
  "DecompressionStream",
  "TextDecoderStream",
  "TextEncoderStream",
  "ByteLengthQueuingStrategy",
  "CountQueuingStrategy",
  "reportError",
  "EventSource",
  "WebSocket",
  "Worker",
  "navigator",
  "DOMException",
  "Blob",
  "FormData",
  "structuredClone",
  "performance",
  "crypto",
  "WeakRef",
  "FinalizationRegistry",
  "SharedArrayBuffer",
  "setImmediate",
];

/** What programs that read or send a stream need, and no import does. */
const NEEDED = [
  "TextEncoder",
  "TextDecoder",
  "Request",
  "Response",
  "Headers",
  "fetch",
  "URL",
  "URLSearchParams",
  "AbortController",
  "AbortSignal",
  "queueMicrotask",
  "location",
];

const READ = `
const bytes = (text = "data: 1\\n\\n") => new Response(text, {
  headers: { "content-type": "text/event-stream" },
});
delete AbortSignal.any;
delete AbortSignal.timeout;
delete AbortSignal.prototype.throwIfAborted;
delete Promise.withResolvers;`;

const USES: Record<string, string> = {
  "./parser": `
const { readEvents, EventStreamParser } = await import(file);
new EventStreamParser(() => {}).push("data: 1\\n\\n");
for await (const { data } of readEvents(bytes())) console.log(data);`,
  // Only an ID that is not ASCII has to be encoded.
  "./client": `
delete globalThis.TextEncoder;
const { connect } = await import(file);
const events = connect("http://a", { body: "1", fetch: async () => bytes() });
for await (const { data } of events) console.log(data);
let requests = 0;
const resumed = connect("http://a", {
  method: "QUERY",
  body: () => "1",
  headers: () => ({ "x-a": "1" }),
  fetch: async (_, { headers }) => {
    if (++requests === 1) throw new TypeError("Network request failed");
    return bytes(\`retry: 1\\nid: 7\\ndata: \${headers.get("last-event-id")}\\n\\n\`);
  },
  reconnectionTime: 1,
});
for await (const { data } of resumed) if (data === "7") break;
try {
  connect("/relative");
} catch (error) {
  if (error.name !== "SyntaxError") throw error;
}`,
  "./typed": `
const { checkEvents, unchecked } = await import(file);
const { readEvents } = await import(parser);
const schemas = { message: unchecked() };
for await (const { json } of checkEvents(readEvents(bytes()), schemas)) console.log(json);`,
  ".": `
const { readEvents, encodeEvent, serveEvents } = await import(file);
encodeEvent({ data: "1" });
for await (const { data } of readEvents(bytes())) console.log(data);`,
};

const FILES: Record<string, string> = {
  "./parser": "../../parser.ts",
  "./client": "../../client.ts",
  "./typed": "../../typed/mod.ts",
  ".": "../../mod.ts",
};

/** Runs a program without some globals. */
async function run(name: string, missing: readonly string[]): Promise<string> {
  const code = `
const file = ${JSON.stringify(new URL(FILES[name]!, import.meta.url).href)};
const parser = ${
    JSON.stringify(new URL("../../parser.ts", import.meta.url).href)
  };
${READ}
for (const name of ${JSON.stringify(missing)}) delete globalThis[name];
${USES[name]}`;
  return await evaluate(code);
}

/** Runs a program, and gives what it prints. */
async function evaluate(code: string): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--ext=js", code],
  }).output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}

for (const name of Object.keys(USES)) {
  Deno.test(`${name} needs no global that it does not use`, async () => {
    assertEquals(await run(name, ALL), "1\n");
  });
}

for (
  const [name, file] of [
    ["EventSource", "client.ts"],
    ["SharedEventSource", "shared/mod.ts"],
  ] as const
) {
  Deno.test(`${name} needs the globals of connect(), and those of events`, async () => {
    const kept = ["EventTarget", "Event", "MessageEvent"];
    const missing = ALL.filter((name) => !kept.includes(name));
    const url = new URL(`../../${file}`, import.meta.url).href;
    const printed = await evaluate(`
${READ}
for (const name of ${JSON.stringify([...missing, "TextEncoder"])}) {
  delete globalThis[name];
}
const { ${name} } = await import(${JSON.stringify(url)});
const source = new ${name}("http://a", { fetch: async () => bytes() });
source.onmessage = ({ data }) => {
  console.log(data);
  source.close();
};`);
    assertEquals(printed, "1\n");
  });
}

Deno.test("EventStreamSocket needs the globals of EventSource, and TextEncoder", async () => {
  const kept = ["EventTarget", "Event", "MessageEvent"];
  const missing = ALL.filter((name) => !kept.includes(name));
  const url = new URL("../../socket/mod.ts", import.meta.url).href;
  const printed = await evaluate(`
${READ}
const opening = JSON.stringify({
  session: "a",
  protocol: "",
  sessionTimeout: 60_000,
  maxBatchSize: 1_000_000,
  acknowledgeAfter: 1_000_000,
});
for (const name of ${JSON.stringify(missing)}) delete globalThis[name];
const { EventStreamSocket } = await import(${JSON.stringify(url)});
const socket = new EventStreamSocket("http://a", [], {
  fetch: async (_, { method, body }) => {
    if (method !== "POST") {
      return bytes(\`event: open\\ndata: \${opening}\\n\\nid: 1\\ndata: 1\\n\\n\`);
    }
    console.log(new TextDecoder().decode(body).trim().replaceAll("\\n", " "));
    Deno.exit();
  },
});
socket.onmessage = ({ data }) => {
  console.log(data);
  socket.send("2");
};`);
  assertEquals(printed, "1\ndata: 2 id: 1\n");
});

// `node:http` has requests, so that `./node` may need theirs.
const IMPORTED = Object.entries(config.exports)
  .filter(([name]) => name !== "./node")
  .map(([, path]) => new URL(`../../${path}`, import.meta.url).href);

for (
  const [name, missing] of Object.entries({
    "ReadableStream": ["ReadableStream"],
    "TransformStream": ["TransformStream"],
    "EventTarget": ["EventTarget"],
    "MessageEvent": ["MessageEvent"],
    "Event": ["Event"],
    "TextEncoder": ["TextEncoder"],
    "any of the platform's classes and functions": [...ALL, ...NEEDED],
  })
) {
  Deno.test(`all exports are imported without ${name}`, async () => {
    const printed = await evaluate(`
for (const name of ${JSON.stringify(missing)}) delete globalThis[name];
for (const file of ${JSON.stringify(IMPORTED)}) await import(file);
console.log("imported");`);
    assertEquals(printed, "imported\n");
  });
}

/** What cannot do without a global, and what its constructor says. */
const ROWS: [missing: string, file: string, code: string][] = [
  ["TransformStream", "parser.ts", "new EventStreamDecoderStream()"],
  ["TransformStream", "encoder.ts", "new EventStreamEncoderStream()"],
  ["EventTarget", "client.ts", 'new EventSource("http://a")'],
  ["MessageEvent", "client.ts", 'new EventSource("http://a")'],
  ["MessageEvent", "shared/mod.ts", 'new SharedEventSource("http://a")'],
  ["EventTarget", "socket/mod.ts", 'new EventStreamSocket("http://a")'],
];

for (const [missing, file, code] of ROWS) {
  Deno.test(`${code} says that there is no ${missing}`, async () => {
    const url = new URL(`../../${file}`, import.meta.url).href;
    const name = /new (\w+)/.exec(code)?.[1];
    assertEquals(
      await evaluate(`delete globalThis.${missing};
const { ${name} } = await import(${JSON.stringify(url)});
try { ${code} } catch (error) { console.log(error.message) }`),
      `Cannot create object: there is no ${missing} here\n`,
    );
  });
}
