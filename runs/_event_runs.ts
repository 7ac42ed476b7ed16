// Copyright 2026 the Tidings authors. MIT license.

/**
 * Starts runs, and serves them to any number of readers. The application makes one
 * `EventRuns` for each set of logs.
 *
 * @module
 */

import { makeUnboundError } from "../_channel/unbound_method.ts";
import type { StreamCounters } from "../_server/stream_counters.ts";
import { tellRejection } from "../_warning.ts";
import { MemoryEventLogs } from "../log.ts";
import { type ErrorReports, RunsClosedError } from "./_error_reports.ts";
import { assertRunId } from "./_log_names.ts";
import {
  type CheckedRunsOptions,
  checkRunsOptions,
  checkStart,
  readRunsOptions,
  readServeOptions,
  RENEWALS,
} from "./_option_checks.ts";
import type {
  EventRunsOptions,
  EventRunsServeOptions,
  EventRunsStartOptions,
} from "./_options.ts";
import { Producers } from "./_producers.ts";
import { Registry } from "./_registry.ts";
import { waitForEnd } from "./_wait_for_end.ts";
import { RunServer } from "./_run_server.ts";
import type { EventRunSource } from "./_source.ts";
import type { EventRunEnd, EventRunStatus } from "./_status_entries.ts";
import { StatusPoll } from "./_status_poll.ts";

/**
 * Runs by their IDs: started once, read by any number of readers, stopped from any
 * process.
 *
 * It holds timers and follows logs while it produces a run, serves a reader or waits for
 * the end of a run, until it is closed.
 *
 * @example Stop a run from any process
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
  /** The logs if none were handed in; closed with the runs. */
  readonly #ownLogs: MemoryEventLogs | undefined;
  /** Aborted when the runs are closed. */
  readonly #controller = new AbortController();
  /** Fulfilled once all that went on has ended; set by `close()`. */
  #closed: Promise<void> | undefined;

  /**
   * Makes an object without runs. It starts no timer and calls no log.
   *
   * @param options The logs that keep the runs, and the limits.
   * @throws {TypeError} If an option is unknown or of the wrong type.
   * @throws {RangeError} If a number is outside its range.
   */
  constructor(options: EventRunsOptions<Events> = {}) {
    // `Events` exists at compile time only: the checks need no map of types.
    const given = readRunsOptions(options as EventRunsOptions);
    if (given.logs === undefined) this.#ownLogs = new MemoryEventLogs();
    // `#ownLogs` is set where `given.logs` is not.
    const logs = given.logs ?? this.#ownLogs!;
    this.#options = checkRunsOptions(given, logs);
    this.#registry = new Registry(this.#options);
    this.#producers = new Producers(this.#options, this.#registry);
    this.#statusPoll = new StatusPoll(
      this.#options.leaseTime / RENEWALS,
      (id) => this.#checkPresence(id),
    );
    this.#errorReports = this.#options.errorReports;
    this.#server = new RunServer(
      this.#options,
      this.#registry,
      this.#statusPoll,
    );
  }

  /** How many runs this process produces at present. */
  get size(): number {
    return this.#producers.size;
  }

  /**
   * Counts what the readers in this process were handed so far. It is a copy, which does not
   * change. `size`, `live` and `behind` count readers.
   */
  get counters(): StreamCounters {
    return this.#server.readCounters();
  }

  /**
   * Starts a run, unless a run has that ID. `restart` takes the place of that run, or
   * goes on after its end.
   *
   * The source is called once. It gives events, the bytes or the text of an event stream,
   * or a response that is one. They are taken as fast as the logs store them, whether the
   * run has readers or not. The log gives each event its ID; IDs and comments of the
   * source are dropped. After its signal is aborted, the source may take any time to
   * stop: what it gives then is dropped, and the end of the run does not wait for it.
   *
   * A call that fails is told to `onError`, or is a warning: its promise may be left alone.
   * So it is for `stop()`, `status()` and `ended()`.
   *
   * @example Two calls start one run
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
   * @param options What to do if there is a run with that ID.
   * @returns Whether this call started the run, as soon as that is certain. It rejects with
   * a `TypeError` if an argument is of the wrong type, an option unknown or the ID is empty
   * or not well-formed, with a `RangeError` if the ID is too long, with a `DOMException`
   * named `"QuotaExceededError"` if this process produces `maxRuns` runs, with an `Error` if
   * `close()` was called, and with what the logs throw.
   */
  start(
    id: string,
    source: EventRunSource<Events>,
    options: EventRunsStartOptions = {},
  ): Promise<boolean> {
    return EventRuns.#tell(this, "start run", id, async () => {
      const anySource = source as EventRunSource;
      const given = checkStart(anySource, options);
      this.#assertOpen("start run");
      return await this.#producers.start(id, anySource, given);
    });
  }

  /**
   * Answers a request with a run: from its beginning, or after the last event that the
   * client has seen, then live, to its end. Then the response ends. A client that
   * reconnects after the end gets what it has missed, and then 204.
   *
   * If no run has the ID, or no run can have it, the answer is 404. Other requests that
   * get no stream are answered as `serveEvents` does. HEAD gets the status and the headers
   * that GET would get. After `close()` the answer is 503.
   * If the engine loses all of a run before its end, the connected readers are told
   * `lost`; a reader that comes later gets 404, as after the run has expired. If another
   * run replaces it, they are told `replaced`. A client that then reconnects is told of a
   * gap, and gets all of the new run.
   *
   * @example A reader that reconnects
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
   * @returns The response, as soon as the logs have told the status of the run. If they
   * fail, it is 503, and `onError` is called once, until the logs answer again or fail
   * with another error. It rejects with a `TypeError` if an
   * option is unknown or of the wrong type, and as {@linkcode EventChannel.serve} throws.
   */
  async serve(
    id: string,
    request: Request,
    options: EventRunsServeOptions = {},
  ): Promise<Response> {
    EventRuns.#assertBound("serve run", this);
    return await this.#server.serve(id, request, readServeOptions(options));
  }

  /**
   * Stops a run, in whichever process it is produced. Its source's signal is aborted
   * within a second, and what was produced can still be read. A run that a later call of
   * `start()` in this process brings goes on, although nobody has waited for `stop()`.
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
   * @returns Whether the run was being produced, as soon as the request to stop is in the
   * logs. It rejects with a `TypeError` or a `RangeError` if no run can have that ID, and
   * with what the logs throw.
   */
  stop(id: string): Promise<boolean> {
    return EventRuns.#tell(
      this,
      "stop run",
      id,
      () => this.#registry.stop(id),
    );
  }

  /**
   * Gets the status of a run.
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
   * @returns `"running"`, or how the run ended; `undefined` if no run has the ID, or the
   * run is deleted. It rejects with a `TypeError` or a `RangeError` if no run can have
   * that ID, and with what the logs throw.
   */
  status(id: string): Promise<EventRunStatus | undefined> {
    return EventRuns.#tell(
      this,
      "get status of run",
      id,
      () => this.#registry.getStatus(id),
      "status",
    );
  }

  /**
   * Waits for the end of a run, in whichever process it is produced.
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
   * @returns How the run ended, `"lost"` if the engine loses all of it before the end,
   * `"replaced"` if another run takes its place; `undefined` if no run has the ID. It
   * rejects with a `TypeError` or a `RangeError` if no run can have that ID, with an
   * `Error` if `close()` is called first, and with what the logs throw.
   */
  ended(id: string): Promise<EventRunEnd | undefined> {
    return EventRuns.#tell(this, "wait for run", id, async () => {
      this.#assertOpen("wait for run");
      return await waitForEnd(
        id,
        this.#registry,
        this.#options,
        this.#statusPoll,
        this.#controller.signal,
      );
    }, "ended");
  }

  /**
   * Ends all that goes on in this process. Runs that it produces end as `lost`, and the
   * streams of all readers end: the clients reconnect to another process. Logs that were
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
   * @returns A promise that is fulfilled once all of it has ended.
   */
  async close(): Promise<void> {
    EventRuns.#assertBound("close event runs", this);
    this.#server.refuseRequests();
    this.#closed ??= this.#close();
    await this.#closed;
  }

  /** Does what {@linkcode EventRuns.close} does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Checks the ID, and tells what a call rejects with: its promise may be left alone. */
  static #tell<T, Events>(
    self: EventRuns<Events>,
    verb: string,
    id: string,
    call: () => Promise<T>,
    method?: string,
  ): Promise<T> {
    try {
      EventRuns.#assertBound(verb, self, method);
    } catch (error) {
      return Promise.reject(error);
    }
    const callChecked = async (): Promise<T> => {
      assertRunId(verb, id);
      return await call();
    };
    return tellRejection(
      callChecked(),
      (error) => self.#errorReports.tellCall(error, id),
    );
  }

  static #assertBound(verb: string, self: unknown, method?: string): void {
    if (#options in Object(self)) return;
    throw makeUnboundError(verb, self, method, "EventRuns", "runs");
  }

  /** Whether anything is left of a run, for the poll of its status. */
  async #checkPresence(id: string): Promise<boolean> {
    try {
      const status = await this.#registry.getStatus(id);
      this.#errorReports.forget(id);
      return status !== undefined;
    } catch (error) {
      this.#errorReports.report(error, id);
      // Logs that fail do not tell that the run is gone: its readers would be told `lost`.
      return true;
    }
  }

  async #close(): Promise<void> {
    await this.#producers.close();
    await this.#server.close();
    this.#controller.abort(new RunsClosedError("wait for run", true));
    await this.#statusPoll.settled();
    this.#ownLogs?.close();
  }

  #assertOpen(verb: string): void {
    if (this.#closed !== undefined) throw new RunsClosedError(verb);
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "EventRuns";
  }
}
