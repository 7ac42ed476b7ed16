// Copyright 2026 the Tidings authors. MIT license.

/** The process of one server in Bun. */

import process from "node:process";
import { encodeEvent } from "../../encoder.ts";
import { answerCommands } from "./_fanout_answers.ts";
import { CONTESTANTS, type FanoutServer } from "./_fanout_contestants.ts";

/** What Bun gives to the source of a direct stream. */
interface DirectController {
  write(chunk: Uint8Array): number;
  flush(): number;
}

// Bun's own, for which no types are installed.
const { serve } = (globalThis as unknown as {
  Bun: {
    serve(options: {
      hostname: string;
      port: number;
      idleTimeout: number;
      fetch: FanoutServer["handler"];
    }): { port: number };
  };
}).Bun;

/** The least that a server can do: no history, no backpressure. */
function serveBare(): FanoutServer {
  const controllers = new Set<DirectController>();
  return {
    handler: ({ signal }) => {
      const source = {
        type: "direct",
        async pull(controller: DirectController): Promise<void> {
          controller.write(encodeEvent({ comment: "hello" }));
          controller.flush();
          controllers.add(controller);
          await new Promise((resolve) =>
            signal.addEventListener("abort", resolve)
          );
          controllers.delete(controller);
        },
      };
      // Only Bun knows this type.
      const body = new ReadableStream(
        source as unknown as UnderlyingByteSource,
      );
      return new Response(body, {
        headers: { "content-type": "text/event-stream" },
      });
    },
    publish: (data, id) => {
      const chunk = encodeEvent({ event: "tick", data, id });
      for (const controller of controllers) {
        controller.write(chunk);
        controller.flush();
      }
    },
    size: () => controllers.size,
  };
}

const name = process.argv[2] ?? "";
const { handler, ...server } = name === "bare"
  ? serveBare()
  : CONTESTANTS[name]!();
const { port } = serve({
  hostname: "127.0.0.1",
  port: 0,
  // Bun cuts off what has been silent for so long; 0 is never.
  idleTimeout: 0,
  fetch: handler,
});
console.log(port);
await answerCommands(server);
