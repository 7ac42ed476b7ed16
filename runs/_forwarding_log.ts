// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log that forwards all calls to another log. The logs of this folder that change some
 * calls extend it, so that an optional member of a log is forwarded in one file.
 *
 * @module
 */

import type { TextEventInit } from "../event.ts";
import type {
  EventLog,
  EventLogAppendOptions,
  EventLogBatch,
  EventLogFollowOptions,
  EventLogOptions,
  EventLogReadOptions,
} from "../log.ts";

/** A log in front of another log. */
export class ForwardingLog implements EventLog {
  /** The log that gets the calls. */
  readonly inner: EventLog;
  /** Set only if the other log has it: it tells at once what the log holds. */
  reaches?: (cursor: string) => boolean;
  /** Set only if the other log has it. */
  readonly compare?: NonNullable<EventLog["compare"]>;

  /** @param inner The log that gets the calls. */
  constructor(inner: EventLog) {
    this.inner = inner;
    if (inner.reaches !== undefined) this.reaches = inner.reaches.bind(inner);
    if (inner.compare !== undefined) this.compare = inner.compare.bind(inner);
  }

  append(
    event: TextEventInit,
    options?: EventLogAppendOptions,
  ): Promise<string> {
    return this.inner.append(event, options);
  }

  read(after: string, options?: EventLogReadOptions): Promise<EventLogBatch> {
    return this.inner.read(after, options);
  }

  rewind(count: number, options?: EventLogOptions): Promise<string> {
    return this.inner.rewind(count, options);
  }

  follow(
    onBatch: (batch: EventLogBatch) => void,
    options?: EventLogFollowOptions,
  ): Promise<never> {
    return this.inner.follow(onBatch, options);
  }
}
