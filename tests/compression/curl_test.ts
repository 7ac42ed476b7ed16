// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals } from "@std/assert";
import { type EventSession, serveEvents } from "../../server.ts";
import { CODINGS } from "./_codings.ts";
import { withServer } from "../support/raw_client.ts";
import { within } from "../support/within.ts";

/** What `curl --version` names, by the coding. */
const LIBRARIES: Record<string, string> = {
  gzip: "libz",
  br: "brotli",
  zstd: "zstd",
};

const VERSION = await readVersion();

async function readVersion(): Promise<string> {
  try {
    const { stdout } = await new Deno.Command("curl", { args: ["--version"] })
      .output();
    return new TextDecoder().decode(stdout);
  } catch {
    return "";
  }
}

for (const coding of CODINGS) {
  // There is one for each coding.
  const library = LIBRARIES[coding.name]!;
  const hasLibrary = VERSION.includes(library);
  Deno.test({
    name:
      `serveEvents() compresses for curl, which shows each event at once and takes the end: ${coding.name}${
        hasLibrary ? "" : ` (no curl with ${library} on the PATH)`
      }`,
    ignore: !hasLibrary,
    async fn() {
      const compression = coding.make();
      let session: EventSession | undefined;
      const handler = (request: Request) =>
        serveEvents(request, (opened) => {
          session = opened;
          session.comment("open");
        }, { compression });
      await withServer(handler, async (port) => {
        const curl = new Deno.Command("curl", {
          args: [
            "-sN",
            "--compressed",
            "-H",
            `accept-encoding: ${coding.name}`,
            `http://127.0.0.1:${port}/`,
          ],
          stdout: "piped",
        }).spawn();
        const texts = curl.stdout.pipeThrough(new TextDecoderStream());
        const reader = texts.getReader();
        let output = "";
        const readUntil = async (text: string) => {
          while (!output.endsWith(text)) {
            const { value } = await within(text, reader.read());
            output += value;
          }
        };
        await readUntil(": open\n\n");
        for (let id = 0; id < 20; id++) {
          session?.send({ data: "the same again", id });
          await readUntil(`data: the same again\nid: ${id}\n\n`);
        }
        session?.close();
        const { done } = await within("the end", reader.read());
        assertEquals(done, true);
        assertEquals((await curl.status).code, 0);
      });
    },
  });
}
