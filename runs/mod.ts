// Copyright 2026 the Tidings authors. MIT license.

/**
 * A stream that outlives its request: produced once, read by many, stopped from
 * anywhere.
 *
 * A run is what a source gives, from its beginning to its end: the answer of a language
 * model, the progress of an export, the output of a build. It goes on whether anybody
 * reads it or not, in one process, and is kept in a log of its own. So a reader may
 * reload the page, change networks or devices, and get it from the start or from where
 * it was, out of any process that shares the logs.
 *
 * ```ts ignore -- it needs a server of Redis and a model, and serves for ever
 * import { RedisEventLogs } from "@tidings/sse/redis-streams";
 * import { EventRuns } from "@tidings/sse/runs";
 *
 * const runs = new EventRuns({ logs: new RedisEventLogs(adapt(redis), "answers:") });
 *
 * // Anybody may start and stop runs: take the hostname away once requests are authenticated.
 * Deno.serve({ hostname: "127.0.0.1" }, async (request) => {
 *   const id = new URL(request.url).pathname.slice(1);
 *   if (request.method === "DELETE") {
 *     await runs.stop(id);
 *     return new Response(null, { status: 204 });
 *   }
 *   if (request.method === "POST") {
 *     const prompt = await request.text();
 *     await runs.start(id, ({ signal }) => askModel(prompt, signal));
 *   }
 *   return runs.serve(id, request);
 * });
 * ```
 *
 * What can be relied on:
 *
 * - Of any number of calls to start a run, in any number of processes, one runs its
 *   source.
 * - A reader gets each event once and in order, over as many connections as it takes,
 *   and is told the end: by an event, by the end of the response, and by 204 if it
 *   comes back after that.
 * - The end is told once, by the process that produces the run, or, if that one is
 *   gone, by any other that has to do with the run.
 * - Some time after the end, nothing is left of the run.
 *
 * @example A run, and a reader who comes late
 * ```ts
 * import { readEvents } from "@tidings/sse/parser";
 * import { EventRuns } from "@tidings/sse/runs";
 * import { assertEquals } from "@std/assert";
 *
 * await using runs = new EventRuns();
 * await runs.start("greeting", () => [{ data: "Hello" }, { data: "World" }]);
 * await runs.ended("greeting");
 *
 * const request = new Request("http://localhost/greeting");
 * const response = await runs.serve("greeting", request);
 * const received: string[] = [];
 * for await (const { event, data } of readEvents(response)) {
 *   received.push(`${event}: ${data}`);
 * }
 * assertEquals(received, ["message: Hello", "message: World", "end: done"]);
 * ```
 *
 * @module
 */

import { MemoryEventLogs } from "../log.ts";
import { ErrorReports } from "./_error_reports.ts";
import { assertRunId } from "./_log_names.ts";
import {
  type CheckedRunsOptions,
  checkRunsOptions,
  checkStart,
  RENEWALS,
} from "./_option_checks.ts";
import type {
  EventRunsOptions,
  EventRunsServeOptions,
  EventRunsStartOptions,
} from "./_options.ts";
import { Producers } from "./_producers.ts";
import { Registry } from "./_registry.ts";
import { RunServer } from "./_run_server.ts";
import type { EventRunSource } from "./_source.ts";
import type { EventRunEnd, EventRunStatus } from "./_status_entries.ts";
import { StatusPoll } from "./_status_poll.ts";

export type { EventRunEnd, EventRunStatus } from "./_status_entries.ts";
export type {
  EventRunsOptions,
  EventRunsServeOptions,
  EventRunsStartOptions,
} from "./_options.ts";
export type { EventRun, EventRunSource, EventStreamChunks } from "./_source.ts";

/**
 * Runs by their IDs: started once, read by any number of readers, stopped from
 * anywhere.
 *
 * It holds timers and follows logs while it produces runs, or somebody reads or waits
 * for one, until it is closed.
 *
 * @example Stop, from wherever the request comes in
 * ```ts
 * import { EventRuns } from "@tidings/sse/runs";
 * import { assertEquals } from "@std/assert";
 *
 * await using runs = new EventRuns();
 * await runs.start("watch", async function* ({ signal }) {
 *   yield { data: "It begins" };
 *   await new Promise((resolve) => signal.addEventListener("abort", resolve));
 * });
 *
 * assertEquals(await runs.stop("watch"), true);
 * assertEquals(await runs.ended("watch"), "stopped");
 * ```
 *
 * @typeParam Events What `json` is, by event type; `message` stands for events
 * without a type. Left out, any event may be given.
 */
export class EventRuns<Events = unknown> implements AsyncDisposable {
  readonly #options: CheckedRunsOptions;
  readonly #registry: Registry;
  readonly #producers: Producers;
  readonly #server: RunServer;
  readonly #statusPoll: StatusPoll;
  readonly #errorReports: ErrorReports;
  /** The logs that nobody else knows, which end with the runs. */
  readonly #ownLogs: MemoryEventLogs | undefined;
  /** Aborted when the runs are closed. */
  readonly #controller = new AbortController();
  /** Settles once nothing is going on any more; set when the runs are closed. */
  #closed: Promise<void> | undefined;

  /**
   * Makes runs. Nothing is going on yet.
   *
   * @param options Where they are kept, and their limits.
   * @throws {TypeError} If an option that is to be a number is none.
   * @throws {RangeError} If a number is outside its range.
   */
  constructor(options: EventRunsOptions<Events> = {}) {
    if (options.logs === undefined) this.#ownLogs = new MemoryEventLogs();
    // One of them is there.
    const logs = options.logs ?? this.#ownLogs!;
    // The map is for the compiler alone.
    this.#options = checkRunsOptions(options as EventRunsOptions, logs);
    this.#registry = new Registry(this.#options);
    this.#producers = new Producers(this.#options, this.#registry);
    this.#statusPoll = new StatusPoll(
      this.#options.leaseTime / RENEWALS,
      (id) => this.#checkPresence(id),
    );
    this.#errorReports = new ErrorReports(options.onError);
    this.#server = new RunServer(
      this.#options,
      this.#registry,
      this.#statusPoll,
      this.#errorReports,
    );
  }

  /** How many runs this process produces at present. */
  get size(): number {
    return this.#producers.size;
  }

  /**
   * Starts a run, unless there is one with that ID.
   *
   * The source is called once. What it gives is taken at the pace at which the logs
   * take it, whether anybody reads or not: events, or the bytes or the text of an event
   * stream, or a response that carries one. The events get IDs of the run; those of
   * their own are dropped, and so are comments. It may take any time to stop once its
   * signal is aborted: what it gives then is dropped, and nobody waits for it.
   *
   * @example Once, however often it is asked for
   * ```ts
   * import { EventRuns } from "@tidings/sse/runs";
   * import { assertEquals } from "@std/assert";
   *
   * await using runs = new EventRuns();
   * const started = await Promise.all([
   *   runs.start("report", () => [{ data: "first" }]),
   *   runs.start("report", () => [{ data: "second" }]),
   * ]);
   * assertEquals(started, [true, false]);
   * ```
   *
   * @param id The ID of the run: any well-formed text of 1 to 1024 bytes of UTF-8, where
   * U+0000 counts as two.
   * @param source Gives the events.
   * @param options What if there was such a run before.
   * @returns Whether it was this call that started the run, as soon as that is certain.
   * It rejects with a `TypeError` if an argument is of the wrong type or the ID empty or
   * not well-formed, with a `RangeError` if the ID is too long, with a
   * `DOMException` named `"QuotaExceededError"` if there are too many runs, with an
   * `Error` if the runs are closed, and with what the logs throw.
   */
  async start(
    id: string,
    source: EventRunSource<Events>,
    options: EventRunsStartOptions = {},
  ): Promise<boolean> {
    const anySource = source as EventRunSource;
    assertRunId("start run", id);
    checkStart(anySource, options);
    this.#assertOpen("start run");
    return await this.#producers.start(id, anySource, options);
  }

  /**
   * Answers a request with a run: from its beginning, or after the last event that the
   * client has seen, live, and to its end. Then the response ends, and a client that
   * comes back after the end gets what is left, and then 204.
   *
   * A run that nobody knows is answered with 404, and so is an ID that no run can have;
   * other requests that get no stream as `serveEvents` does; all with 503 once the runs
   * are closed. If all of a run is gone before its end, since the engine has lost it, its
   * connected readers are told `lost`; one that comes later gets 404, as after the run
   * has expired.
   *
   * @example A reader who comes back
   * ```ts
   * import { EventRuns } from "@tidings/sse/runs";
   * import { assertEquals } from "@std/assert";
   *
   * await using runs = new EventRuns();
   * await runs.start("greeting", () => [{ data: "Hello" }]);
   * const url = "http://localhost/greeting";
   * const first = await runs.serve("greeting", new Request(url));
   * const id = (await first.text()).match(/id: (.*)\n\n$/)?.[1] ?? "";
   *
   * const headers = { "last-event-id": id };
   * const second = await runs.serve("greeting", new Request(url, { headers }));
   * assertEquals(second.status, 204);
   * ```
   *
   * @param id The ID of the run.
   * @param request The request to answer.
   * @param options What the client gets.
   * @returns The response, as soon as the logs have told how the run is doing. Where
   * they fail, it is 503, and `onError` is told: once, until they answer again or fail
   * with something else. It rejects as {@linkcode EventChannel.serve} throws.
   */
  async serve(
    id: string,
    request: Request,
    options: EventRunsServeOptions = {},
  ): Promise<Response> {
    return await this.#server.serve(id, request, options);
  }

  /**
   * Stops a run, wherever it is produced: its source's signal is aborted within a
   * second, and what was produced can still be read.
   *
   * @example Usage
   * ```ts
   * import { EventRuns } from "@tidings/sse/runs";
   * import { assertEquals } from "@std/assert";
   *
   * await using runs = new EventRuns();
   * assertEquals(await runs.stop("unknown"), false);
   * ```
   *
   * @param id The ID of the run.
   * @returns Whether the run was going on, as soon as the log has the word to stop. It
   * rejects with a `TypeError` or a `RangeError` if no run can have that ID, and with
   * what the logs throw.
   */
  async stop(id: string): Promise<boolean> {
    assertRunId("stop run", id);
    return await this.#registry.stop(id);
  }

  /**
   * Tells how a run is doing.
   *
   * @example Usage
   * ```ts
   * import { EventRuns } from "@tidings/sse/runs";
   * import { assertEquals } from "@std/assert";
   *
   * await using runs = new EventRuns();
   * await runs.start("broken", () => {
   *   throw new Error("It is me");
   * });
   * await runs.ended("broken");
   * assertEquals(await runs.status("broken"), "failed");
   * assertEquals(await runs.status("unknown"), undefined);
   * ```
   *
   * @param id The ID of the run.
   * @returns Whether it goes on, or how it has ended; `undefined` if nobody knows it,
   * or does any more. It rejects with a `TypeError` or a `RangeError` if no run can have
   * that ID, and with what the logs throw.
   */
  async status(id: string): Promise<EventRunStatus | undefined> {
    assertRunId("look for run", id);
    return await this.#registry.getStatus(id);
  }

  /**
   * Waits for the end of a run, wherever it is produced.
   *
   * @example Usage
   * ```ts
   * import { EventRuns } from "@tidings/sse/runs";
   * import { assertEquals } from "@std/assert";
   *
   * await using runs = new EventRuns();
   * await runs.start("short", () => [{ data: "all" }]);
   * assertEquals(await runs.ended("short"), "done");
   * ```
   *
   * @param id The ID of the run.
   * @returns How it has ended, `"lost"` if all of it is gone meanwhile; `undefined` if
   * nobody knows it. It rejects with a `TypeError` or a `RangeError` if no run can have
   * that ID, with an `Error` if the runs are closed meanwhile, and with what the logs
   * throw.
   */
  async ended(id: string): Promise<EventRunEnd | undefined> {
    assertRunId("wait for run", id);
    this.#assertOpen("wait for run");
    return await this.#registry.waitForEnd(
      id,
      this.#statusPoll,
      this.#controller.signal,
    );
  }

  /**
   * Closes the runs of this process: those that it produces end as `lost`, the
   * streams of their readers end, and the readers come back elsewhere. Logs that were
   * handed in stay open.
   *
   * @example Usage
   * ```ts
   * import { EventRuns } from "@tidings/sse/runs";
   * import { assertEquals } from "@std/assert";
   *
   * const runs = new EventRuns();
   * await runs.close();
   * const response = await runs.serve("any", new Request("http://localhost/"));
   * assertEquals(response.status, 503);
   * ```
   *
   * @returns A promise that is fulfilled once nothing is going on any more.
   */
  close(): Promise<void> {
    this.#server.refuseRequests();
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Closes the runs of this process, as {@linkcode EventRuns.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #checkPresence(id: string): Promise<boolean> {
    try {
      const status = await this.#registry.getStatus(id);
      this.#errorReports.forget(id);
      return status !== undefined;
    } catch (error) {
      this.#errorReports.report(error, id);
      return true;
    }
  }

  async #close(): Promise<void> {
    await this.#producers.close();
    await this.#server.close();
    this.#controller.abort(makeClosedError("wait for run"));
    await this.#statusPoll.settled();
    this.#ownLogs?.close();
  }

  #assertOpen(verb: string): void {
    if (this.#closed !== undefined) throw makeClosedError(verb);
  }
}

function makeClosedError(verb: string): Error {
  return new Error(`Cannot ${verb}: the runs are closed`);
}
