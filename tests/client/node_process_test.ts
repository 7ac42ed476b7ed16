// Copyright 2026 the Tidings authors. MIT license.

/** A response that Node's own `fetch` mishandles does not end the process. */

import { assertEquals } from "@std/assert";
import { bundle } from "../../scripts/_bundle.ts";
import { hasNode } from "../support/has_node.ts";
import { RawServer } from "../support/raw_server.ts";
import { within } from "../support/within.ts";

Deno.test({
  name: `Node outlives a response with six content codings${
    hasNode ? "" : " (ignored: there is no Node)"
  }`,
  ignore: !hasNode,
  async fn() {
    const file = await Deno.makeTempFile({ suffix: ".mjs" });
    await Deno.writeTextFile(
      file,
      await bundle("tests/client/_hostile_program.ts"),
    );
    {
      // The body does not end before the program does.
      await using server = new RawServer(async ({ send, left }) => {
        await send(
          "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n" +
            "content-encoding: gzip, gzip, gzip, gzip, gzip, gzip\r\n\r\n" +
            "data: a\n\n",
        );
        await left();
      });
      const child = new Deno.Command("node", {
        args: [file, server.url],
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const { code, stdout, stderr } = await within("its end", child.output());
      const decoder = new TextDecoder();
      assertEquals([code, decoder.decode(stderr)], [0, ""]);
      assertEquals(decoder.decode(stdout).trim().split("\n"), [
        "connect() failed: Cannot reach event stream: the request failed, see the cause",
        "EventSource failed: closed",
        "EventStreamSocket failed: closed with 1006",
        "readEvents(fetch()) failed: fetch failed",
      ]);
      // The first two try again twice, as after any other network error.
      assertEquals(server.heads.length, 8);
    }
    await Deno.remove(file);
  },
});
