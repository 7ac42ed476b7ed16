// Copyright 2026 the Tidings authors. MIT license.

import { parseRetryAfter } from "./backoff.ts";
import { type EventSourceInit, isRepeatable } from "./connection_options.ts";
import type { EventSourceError } from "./event_source_error.ts";

// What servers and balancers answer with while they cannot, and later may.
const PASSING_STATUSES = [408, 425, 429, 500, 502, 503, 504];

/** Whether nothing can mend this: nobody is asked about it. */
export function isFinal({ reason }: EventSourceError): boolean {
  return /^(no-content|event-too-large|invalid-request)$/.test(reason);
}

/** Whether a connection is reestablished if nobody says otherwise. */
export function isPassing(
  error: EventSourceError,
  options: EventSourceInit,
  isStandard: boolean,
): boolean {
  // The standard has no status that passes.
  if (isStandard && error.status !== undefined) return false;
  return getRetryAfter(error, 0) !== undefined ||
    (isRepeatable(options) &&
      (hasPassingStatus(error) ||
        /^(end|network-error|idle-timeout)$/.test(error.reason)));
}

/** What a refusal that may pass asks for, in milliseconds. */
export function getRetryAfter(
  error: EventSourceError,
  now: number,
): number | undefined {
  return hasPassingStatus(error)
    ? parseRetryAfter(error.headers?.get("Retry-After") ?? null, now)
    : undefined;
}

function hasPassingStatus({ status }: EventSourceError): boolean {
  return PASSING_STATUSES.includes(Number(status));
}
