// Copyright 2026 the Tidings authors. MIT license.

/**
 * The answer as a run that survives reloads and restarts.
 *
 * @module
 */

import type { EventLog } from "../log.ts";
import { DenoKvEventLogs } from "../logs/deno_kv.ts";
import { EventRuns } from "../runs/mod.ts";
import { answer } from "./answer.ts";

const ID = "answer";
/** Milliseconds after which a run whose server was killed can be resumed. */
const LEASE_TIME = 2000;
const RETRY = 1000;

// #region answer
/** The one run of the demo. */
export class AnswerRun implements AsyncDisposable {
  readonly #kv: Deno.Kv;
  readonly #log: EventLog;
  readonly #runs: EventRuns;

  private constructor(kv: Deno.Kv) {
    const logs = new DenoKvEventLogs(kv, ["demo"]);
    this.#kv = kv;
    this.#log = logs.open(ID);
    this.#runs = new EventRuns({
      logs,
      leaseTime: LEASE_TIME,
      retry: RETRY,
      // Without an end event, a reader of a lost run reconnects for the rest of it.
      endEvent: (end) =>
        end === "lost" ? undefined : { event: "end", data: end },
    });
  }

  /**
   * Opens the run, and resumes it if the server ended in the middle.
   *
   * @param path The file that keeps the run, or `":memory:"` for none.
   */
  static async open(path: string): Promise<AnswerRun> {
    const run = new AnswerRun(await Deno.openKv(path));
    // If that server was killed, this waits until its lease expires.
    if (await run.#runs.ended(ID) === "lost") {
      await run.#start("after", await run.#countWords());
    }
    return run;
  }

  /** Answers a request that starts, stops or reads the run. */
  async answer(request: Request): Promise<Response> {
    switch (request.method) {
      case "POST":
        return Response.json(await this.#start("replace", 0));
      case "DELETE":
        return Response.json(await this.#runs.stop(ID));
    }
    // Before the first run, a 204 keeps `EventSource` from reconnecting.
    const notFound = () => new Response(null, { status: 204 });
    return await this.#runs.serve(ID, request, { notFound });
  }

  #start(restart: "after" | "replace", first: number): Promise<boolean> {
    return this.#runs.start(ID, async function* ({ signal }) {
      for await (const json of answer(first, signal)) yield { json };
    }, { restart });
  }

  // #endregion

  /** Leaves the run to the next server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runs.close();
    this.#kv.close();
  }

  /** Counts the words of the answer that are in the log. */
  async #countWords(): Promise<number> {
    let words = 0;
    for (let after = await this.#log.rewind(Infinity);;) {
      const { events, cursor } = await this.#log.read(after);
      if (events.length === 0) return words;
      words += events.filter(({ data }) => data !== undefined).length;
      after = cursor;
    }
  }
}
