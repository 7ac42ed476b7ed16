// Copyright 2026 the Tidings authors. MIT license.

/**
 * Whether a response is an event stream, and what is wrong if it is not, for
 * `connection_attempt.ts`.
 *
 * @module
 */

import type { EventSourceInit } from "./connection_options.ts";
import {
  findResponseFault,
  type ResponseFault,
} from "../_parser/response_fault.ts";
import { describeMismatch } from "../_validate.ts";

/**
 * Finds out why a response is not taken for an event stream.
 *
 * @param response The response.
 * @param options What is accepted.
 * @returns `undefined` for an event stream.
 * @throws {TypeError} If the response has no member body, as in React Native.
 */
export function findFault(
  { status, headers, body }: Response,
  { ignoreContentType, ignoreStatus }: EventSourceInit,
): ResponseFault | undefined {
  const isUsable = /^2(?!0[45])/.test(`${status}`);
  const fault = findResponseFault(
    { status: ignoreStatus && isUsable ? 200 : status, headers },
    "read event stream",
    ignoreContentType,
  );
  if (fault && isUsable) {
    const name = fault.code === "unexpected-status" ? "Status" : "ContentType";
    fault.message += `; the option "ignore${name}" accepts it`;
  }
  if (fault || body !== undefined) return fault;
  throw new TypeError(
    describeMismatch("read event stream", "body", "a stream", body),
  );
}
