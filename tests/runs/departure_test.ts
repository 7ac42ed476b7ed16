// Copyright 2026 the Tidings authors. MIT license.

/** How runs notice that a reader has left, or that nobody reads its response. */

import { assertEquals } from "@std/assert";
import { IS_DENO } from "../../_is_deno.ts";
import { type EventLog, MemoryEventLogs } from "../../log.ts";
import { EventRuns, type EventRunsServeOptions } from "../../runs/mod.ts";
import { Faucet, readRun, runRequest, until } from "./_fixture.ts";

/** A reader of a run whose request has a signal. */
interface Served extends AsyncDisposable {
  response: Response;
  departure: AbortController;
  reasons: string[];
  /** How many logs are being followed for readers. */
  following: () => number;
}

async function serve(
  options: EventRunsServeOptions = {},
  abortEarly = false,
): Promise<Served> {
  const memory = new MemoryEventLogs();
  let following = 0;
  const logs = Object.assign(memory, {
    open(name: string): EventLog {
      const log = MemoryEventLogs.prototype.open.call(memory, name);
      return {
        ...log,
        follow(onBatch, options): Promise<never> {
          following++;
          return log.follow(onBatch, options).finally(() => following--);
        },
      };
    },
  });
  const runs = new EventRuns({ logs, keepAlive: 0 });
  await runs.start("a", new Faucet().open);
  // The producer follows the requests to stop.
  await until(() => following === 1);
  const departure = new AbortController();
  const { signal } = departure;
  const reasons: string[] = [];
  const serving = runs.serve(
    "a",
    new Request("http://localhost/", { signal }),
    { onClose: (reason) => reasons.push(reason), ...options },
  );
  if (abortEarly) departure.abort();
  return {
    response: await serving,
    departure,
    reasons,
    following: () => following - 1,
    [Symbol.asyncDispose]: async () => {
      await runs.close();
      memory.close();
    },
  };
}

const DEPARTURES: Record<string, (served: Served) => unknown> = {
  "the body is cancelled": ({ response }) => response.body?.cancel(),
  "the request is aborted": ({ departure }) => departure.abort(),
  "the body is cancelled after the request was aborted": async (served) => {
    served.departure.abort();
    await served.response.body?.cancel();
  },
  "the request is aborted after the body was cancelled": async (served) => {
    await served.response.body?.cancel();
    served.departure.abort();
  },
  "a middleware reads a copy, and the request is aborted": (served) => {
    served.response.clone();
    served.departure.abort();
  },
};

for (const [name, depart] of Object.entries(DEPARTURES)) {
  Deno.test(`EventRuns.serve() counts a reader once that leaves: ${name}`, async () => {
    await using served = await serve();
    await depart(served);
    await until(() => served.following() === 0);
    assertEquals(served.reasons, ["client"]);
  });
}

Deno.test("EventRuns.serve() counts no reader that leaves before the logs have answered", async () => {
  await using served = await serve({}, true);
  await until(() => served.following() === 0);
  assertEquals(served.reasons, ["client"]);
  assertEquals(await served.response.text(), "");
});

Deno.test("EventRuns.serve() closes a body that nobody begins to read within startTimeout", async () => {
  await using served = await serve({ startTimeout: 20 });
  await until(() => served.following() === 0);
  assertEquals(served.reasons.length, 1);
  // Also the middleware that reads late gets no stream that never ends.
  assertEquals(await served.response.text(), "");
});

Deno.test("EventRuns.serve() keeps a body that is being read for longer than startTimeout", async () => {
  await using runs = new EventRuns();
  const faucet = new Faucet();
  await runs.start("a", faucet.open);
  const reasons: string[] = [];
  await using reader = await readRun(runs, "a", undefined, {
    startTimeout: 20,
    onClose: (reason) => reasons.push(reason),
  });
  faucet.give("1");
  await reader.inbox.untilEvents(1);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assertEquals(reasons, []);
  faucet.give("2");
  faucet.end();
  await reader.end();
  assertEquals(reader.inbox.data, ["1", "2", "done"]);
});

Deno.test({
  name: "EventRuns.serve() leaves the signal of a request alone in Deno",
  // Elsewhere the signal is what tells of the departure.
  ignore: !IS_DENO,
  async fn() {
    await using runs = new EventRuns();
    await runs.start("a", () => [{ data: "1" }]);
    for (const method of ["GET", "HEAD", "POST"]) {
      const request = runRequest(undefined, method);
      const forbidden = (): never => {
        throw new Error("The signal is made");
      };
      Object.defineProperties(request, {
        signal: { get: forbidden },
        clone: { value: forbidden },
      });
      const response = await runs.serve("a", request);
      assertEquals([method, response.status], [method, 200]);
      await response.text();
    }
  },
});
