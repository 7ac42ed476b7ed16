// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals } from "@std/assert";
import { gzip } from "../../compression/mod.ts";
import { type EventSession, serveEvents } from "../../server.ts";
import { withServer } from "../support/raw_client.ts";
import { within } from "../support/within.ts";

const HAS_CURL = await hasCurl();

async function hasCurl(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("curl", { args: ["--version"] })
      .output();
    return new TextDecoder().decode(stdout).includes("libz");
  } catch {
    return false;
  }
}

Deno.test({
  name:
    `serveEvents() compresses for curl, which shows each event at once and takes the end${
      HAS_CURL ? "" : " (no curl with zlib on the PATH)"
    }`,
  ignore: !HAS_CURL,
  async fn() {
    const compression = gzip();
    let session: EventSession | undefined;
    const handler = (request: Request) =>
      serveEvents(request, (opened) => {
        session = opened;
        session.comment("open");
      }, { compression });
    await withServer(handler, async (port) => {
      const curl = new Deno.Command("curl", {
        args: ["-sN", "--compressed", `http://127.0.0.1:${port}/`],
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
