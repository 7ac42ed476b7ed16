// Copyright 2026 the Tidings authors. MIT license.

/** React Native and test environments lack globals, and need none that is not used. */

import { assertEquals } from "@std/assert";

const ALL = [
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
];

const READ = `
const bytes = () => new Response("data: 1\\n\\n", {
  headers: { "content-type": "text/event-stream" },
});`;

const USES: Record<string, string> = {
  "./parser": `
const { readEvents, EventStreamParser } = await import(file);
new EventStreamParser(() => {}).push("data: 1\\n\\n");
for await (const { data } of readEvents(bytes())) console.log(data);`,
  "./client": `
const { connect } = await import(file);
const events = connect("http://a", { method: "POST", fetch: async () => bytes() });
for await (const { data } of events) console.log(data);`,
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

for (const missing of ["TransformStream", "EventTarget", "MessageEvent"]) {
  Deno.test(`the package is imported without ${missing}`, async () => {
    assertEquals(await run(".", [missing]), "1\n");
  });
}

Deno.test("EventStreamDecoderStream says that there is no TransformStream", async () => {
  const file = new URL("../../parser.ts", import.meta.url).href;
  const code = `delete globalThis.TransformStream;
const { EventStreamDecoderStream } = await import(${JSON.stringify(file)});
try { new EventStreamDecoderStream() } catch (error) { console.log(error.message) }`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--ext=js", code],
  }).output();
  assertEquals(
    new TextDecoder().decode(stdout),
    "Cannot create object: there is no TransformStream here\n",
  );
});
