// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a program prints, line by line, to every browser that watches: a build, or
 * `tail -f`. A browser that comes late gets what was printed before, as far as the
 * history reaches, and one whose connection drops gets each line once.
 *
 * ```sh
 * deno run -N --allow-run examples/watch_output.ts tail -f /var/log/syslog
 * curl -N localhost:8000/lines
 * ```
 */

import { TextLineStream } from "@std/streams";
import { EventChannel } from "@tidings/sse/channel";

const PAGE = `<!doctype html>
<meta name="color-scheme" content="light dark">
<title>Output</title>
<style>pre { white-space: pre-wrap } .stderr { color: #c33 }</style>
<pre></pre>
<script type="module">
  const output = document.querySelector("pre");
  const source = new EventSource("/lines");
  const show = ({ type, data }) => {
    const line = document.createElement("span");
    line.className = type;
    line.textContent = data + "\\n";
    output.append(line);
    scrollTo(0, document.body.scrollHeight);
  };
  source.addEventListener("stdout", show);
  source.addEventListener("stderr", show);
  source.addEventListener("exit", ({ data }) => {
    document.title = "Ended with " + data;
    source.close();
  });
</script>
`;

const [program, ...args] = Deno.args;
if (program === undefined) {
  console.error("Name the program to watch, with its arguments");
  Deno.exit(2);
}

const channel = new EventChannel();

Deno.serve((request) =>
  new URL(request.url).pathname === "/lines"
    ? channel.serve(request, {
      replay: "all",
      until: ({ event }) => event === "exit",
    })
    : new Response(PAGE, {
      headers: { "content-type": "text/html; charset=utf-8" },
    })
);

const child = new Deno.Command(program, {
  args,
  stdin: "null",
  stdout: "piped",
  stderr: "piped",
}).spawn();
await Promise.all([
  publishLines("stdout", child.stdout),
  publishLines("stderr", child.stderr),
]);
const { code } = await child.status;
await channel.publish({ event: "exit", data: `${code}` });

/** A program that prints faster than its lines are published has to wait. */
async function publishLines(
  event: string,
  output: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  const lines = output
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const data of lines) await channel.publish({ event, data });
}
