// Copyright 2026 the Tidings authors. MIT license.

/**
 * Decides the answer to a request for a run: its stream, 204 after its end, 404 if it
 * does not exist, or 503. `EventRuns.serve()` calls it.
 *
 * @module
 */

import { answerHead, negotiate, NEGOTIATED } from "../_server/negotiate.ts";
import type { Negotiation } from "../_server/negotiation.ts";
import {
  answerEmpty,
  DEFAULT_RETRY_AFTER,
  refuse,
  type RefusedRequest,
} from "../_server/refuse.ts";
import { assertRequest } from "../_server/request_check.ts";
import type { StreamCounters } from "../_server/stream_counters.ts";
import type { ErrorReports } from "./_error_reports.ts";
import { isRunId } from "./_log_names.ts";
import type { CheckedRunsOptions } from "./_option_checks.ts";
import type { EventRunsServeOptions } from "./_options.ts";
import type { Prefetch } from "./_prefetch.ts";
import { Readers } from "./_readers.ts";
import type { FoundRun, Registry } from "./_registry.ts";
import type { StatusPoll } from "./_status_poll.ts";

const DEFAULT_METHODS = ["GET", "POST"];

/** What is known of a run before a request for it is answered. */
interface LookUp {
  /** The first events for the reader, if they were read. */
  prefetched: Prefetch | undefined;
  /** The run, `undefined` if it does not exist. */
  run: FoundRun | undefined;
  /** Whether the run has ended, and the reader has all of it. */
  isOver: boolean;
}

/** Answers requests for runs. */
export class RunServer {
  readonly #options: CheckedRunsOptions;
  readonly #registry: Registry;
  readonly #errorReports: ErrorReports;
  readonly #readers: Readers;
  /** Set by `refuseRequests()`. */
  #isRefusing = false;

  /**
   * @param options The options of the runs.
   * @param registry Finds runs.
   * @param statusPoll Finds out that a run which is being read is gone.
   */
  constructor(
    options: CheckedRunsOptions,
    registry: Registry,
    statusPoll: StatusPoll,
  ) {
    this.#options = options;
    this.#registry = registry;
    this.#errorReports = options.errorReports;
    this.#readers = new Readers(options, statusPoll);
  }

  /** Gives the counters of all readers. */
  readCounters(): StreamCounters {
    return this.#readers.readCounters();
  }

  /**
   * Answers a request, and counts it if it is refused.
   *
   * @param id The ID of the run.
   * @param request The request.
   * @param options What the client gets.
   * @returns The response.
   */
  async serve(
    id: string,
    request: Request,
    options: EventRunsServeOptions,
  ): Promise<Response> {
    const response = await this.#answer(id, request, options);
    this.#options.tally.countRefusal(response);
    return response;
  }

  async #answer(
    id: string,
    request: Request,
    options: EventRunsServeOptions,
  ): Promise<Response> {
    const { compression } = this.#options;
    assertRequest("serve run", request);
    const negotiation = negotiate(request, {
      methods: DEFAULT_METHODS,
      ...options,
      compression,
    });
    if (negotiation instanceof Response) return negotiation;
    if (this.#isRefusing) return refuseClosed(negotiation);
    // The ID is often part of a URL, where a client can write anything: an ID that no
    // run can have is answered with 404, and is no error of the server.
    if (!isRunId(id)) return await answerUnknown(request, negotiation, options);
    const found = await this.#lookUp(id, negotiation);
    if (found === undefined) {
      const message = "Cannot serve run: the server cannot read it now";
      return refuse(negotiation, 503, message, DEFAULT_RETRY_AFTER);
    }
    const { prefetched, run, isOver } = found;
    if (run === undefined) {
      return await answerUnknown(request, negotiation, options);
    }
    if (isOver) return answerEmpty(negotiation.headers);
    // It may have been closed during the look-up. A reader from now on would get a
    // channel that nothing closes.
    if (this.#isRefusing) return refuseClosed(negotiation);
    if (negotiation.isHead) return answerHead(negotiation);
    const { notFound: _, ...rest } = options;
    const negotiated = { ...rest, [NEGOTIATED]: negotiation };
    return this.#readers.serve(id, request, negotiated, prefetched, run);
  }

  /** Answers all further requests that would get a stream with 503. */
  refuseRequests(): void {
    this.#isRefusing = true;
  }

  /** Ends all streams. The clients come back to another process. */
  async close(): Promise<void> {
    await this.#readers.close();
  }

  /** Looks up a run for a reader, `undefined` if the logs fail. */
  async #lookUp(
    id: string,
    { lastEventId, isHead }: Negotiation,
  ): Promise<LookUp | undefined> {
    // Both are asked for at once. One after the other would be two round trips before
    // the first byte.
    const controller = new AbortController();
    const { signal } = controller;
    const prefetching = isHead
      ? undefined
      : this.#readers.prefetch(id, lastEventId, signal);
    try {
      const run = await this.#registry.find(id);
      const prefetched = await prefetching;
      const isOver = run !== undefined && run.status !== "running" &&
        // A reader with all of it does not know yet that it is lost.
        !run.isJustLost && lastEventId !== undefined &&
        await this.#registry.isAtEnd(id, lastEventId, run.end);
      this.#errorReports.forget(id);
      return isOver === undefined
        ? { prefetched, run: undefined, isOver: false }
        : { prefetched, run, isOver };
    } catch (error) {
      // Otherwise the call would be tried again, with a timer, for as long as the log is
      // away, although nothing waits for it any more. It never rejects.
      controller.abort();
      await prefetching;
      this.#errorReports.report(error, id);
      return undefined;
    }
  }
}

async function answerUnknown(
  request: Request,
  negotiation: RefusedRequest,
  { notFound }: EventRunsServeOptions,
): Promise<Response> {
  return await notFound?.(request) ??
    refuse(negotiation, 404, "Cannot serve run: there is none with this ID");
}

function refuseClosed(negotiation: RefusedRequest): Response {
  const message = "Cannot serve run: the server shuts down";
  return refuse(negotiation, 503, message, DEFAULT_RETRY_AFTER);
}
