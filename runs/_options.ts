// Copyright 2026 the Tidings authors. MIT license.

/**
 * The options of `EventRuns`, which {@linkcode checkRunsOptions} of `_option_checks.ts`
 * checks, and those of its methods.
 *
 * @module
 */

import type { EventResponseOptions } from "../_server/options.ts";
import type { EventChannelServeOptions } from "../channel.ts";
import type { TypedEventInit } from "../event.ts";
import type { EventLogs } from "../log.ts";
import type { CloseReason, EventCompression } from "../server.ts";
import type { EventRunEnd } from "./_status_entries.ts";

/**
 * Options for {@linkcode EventRuns}.
 *
 * @typeParam Events What `json` is, by event type. Left out, it is any.
 */
export interface EventRunsOptions<Events = unknown>
  extends Pick<EventResponseOptions, "keepAlive" | "retry"> {
  /**
   * The logs that keep the runs. All processes with the same logs share the runs: each
   * of them can serve and stop a run that another one produces.
   *
   * @default {new MemoryEventLogs()}
   */
  logs?: EventLogs | undefined;
  /**
   * Milliseconds within which readers are told that the process that produced their
   * run is gone: an integer from 10 to 2 147 483 647. If a process is blocked for half of
   * this time, other processes may end its runs as `lost`.
   *
   * @default {15_000}
   */
  leaseTime?: number | undefined;
  /**
   * Milliseconds for which a run can be read after its end, an integer from 1 to
   * 2 147 483 647. After them the run is deleted.
   *
   * @default {900_000}
   */
  keepFor?: number | undefined;
  /**
   * Milliseconds that a run may take, an integer from 1 to 2 147 483 647. Beyond them
   * its source is stopped, and the run ends as `failed`.
   *
   * @default {3_600_000}
   */
  maxRunTime?: number | undefined;
  /**
   * Milliseconds that a source may give nothing while its next event is waited for: 1 to
   * 2 147 483 647, or `Infinity` for no limit. Beyond them its source is stopped, and the
   * run ends as `failed`. Of an event stream each byte counts, those of comments too. If
   * the process itself stood still, the time starts again.
   *
   * @default {Infinity}
   */
  maxSilence?: number | undefined;
  /**
   * The most events of a run, an integer of at least 1 or `Infinity`. Beyond them its
   * source is stopped, and the run ends as `failed`. Its first events are never dropped.
   *
   * @default {100_000}
   */
  maxEvents?: number | undefined;
  /**
   * The most bytes of a run, counted as its events are encoded: at least 1. Beyond them
   * its source is stopped, and the run ends as `failed`.
   *
   * @default {16_777_216}
   */
  maxBytes?: number | undefined;
  /**
   * The most runs that this process produces at a time, an integer of at least 1 or
   * `Infinity`. Beyond them {@linkcode EventRuns.start} rejects.
   *
   * @default {10_000}
   */
  maxRuns?: number | undefined;
  /**
   * Makes the last event of a run, which tells its readers how it ended. The fields
   * `event`, `data` or `json`, and `retry` of the event are sent. If it returns
   * `undefined`, the stream ends without such an event. It is called by the process that
   * writes the end, and for `lost` and `replaced` by one that serves readers. It must not
   * throw.
   *
   * Left out, it makes an event of the type `end` whose data is `done`, `stopped`,
   * `failed`, `lost` or `replaced`.
   *
   * @param end How the run ended.
   */
  endEvent?:
    | ((end: EventRunEnd) => TypedEventInit<Events> | undefined)
    | undefined;
  /**
   * How streams are compressed for readers that accept it, as for an `EventChannel`.
   * Left out, streams are not compressed.
   */
  compression?: EventCompression | undefined;
  /**
   * Called with each error: a source throws or exceeds a limit, a call of `start()`,
   * `stop()`, `status()` or `ended()` fails, or the logs do.
   *
   * The same error of the logs is told once for each run, and again only after they have
   * answered; an entry that is no event is told once. After `close()`, only the first call
   * is told. What `onError` throws becomes a warning.
   *
   * Left out, each of these errors is a warning.
   *
   * @param error What was thrown.
   * @param id The ID of the run.
   */
  onError?: ((error: unknown, id: string) => void) | undefined;
}

/** Options for {@linkcode EventRuns.start}. */
export interface EventRunsStartOptions {
  /**
   * What to do with a run that has the same ID. Left out, the new run is not started.
   *
   * `"replace"` takes the place of that run, whether it has ended or goes on, and
   * whatever its process does. Its source is aborted, its events are dropped, nothing is
   * added to them, and its readers are told `replaced`: none of them gets events of the
   * new run in the same response. Of calls that come at once, one starts its run.
   *
   * `"after"` adds the events of the new run to those of a run that has ended. A reader
   * that comes later gets both in one response, and one that reconnects after the old end
   * goes on with the new events. After {@linkcode EventRuns.stop}, it waits for the end
   * of the run, for at most `leaseTime`; beside a run that goes on, the new run is not
   * started.
   */
  restart?: "after" | "replace" | undefined;
  /**
   * Called with a promise that is fulfilled when the run has ended, for platforms that
   * stop a process once its response is sent.
   */
  waitUntil?: ((ended: Promise<void>) => void) | undefined;
}

/** Options for {@linkcode EventRuns.serve}. */
export interface EventRunsServeOptions extends
  Omit<
    EventChannelServeOptions,
    | "replay"
    | "snapshot"
    | "topics"
    | "types"
    | "filter"
    | "until"
    | "onOpen"
    | "onClose"
  > {
  /**
   * The methods of requests that get a stream, as for `serveEvents`.
   *
   * @default {["GET", "POST"]}
   */
  methods?: readonly string[] | undefined;
  /**
   * Makes the response to a request for a run that does not exist. Left out, it is 404
   * with a sentence of English.
   *
   * @param request The request.
   */
  notFound?: ((request: Request) => Response | Promise<Response>) | undefined;
  /**
   * Called once when the reader's stream has ended: with `"source"` after the end of the
   * run, `"client"` if the reader has left or nobody has begun to read the body within
   * `startTimeout`, `"server"` if the runs were closed or the `signal` aborted,
   * `"lifetime"` after `maxDuration`, `"overflow"` if the reader has fallen behind what the
   * log keeps, `"error"` if the stream failed. It must not throw.
   */
  onClose?: ((reason: CloseReason) => void) | undefined;
}
