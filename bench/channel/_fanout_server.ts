// Copyright 2026 the Tidings authors. MIT license.

/** The process of one server in Deno. */

import { answerCommands } from "./_fanout_answers.ts";
import { CONTESTANTS } from "./_fanout_contestants.ts";

if (import.meta.main) {
  const server = CONTESTANTS[Deno.args[0] ?? ""]!();
  const readers: ReadableStreamDefaultReader[] = [];
  const onListen = ({ port }: Deno.NetAddr) => console.log(port);
  Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, server.handler);
  await answerCommands(server, async () => {
    const { body } = await server.handler(new Request("http://localhost/"));
    const reader = body!.getReader();
    await reader.read();
    reader.read();
    readers.push(reader);
  });
}
