// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads from a request's `Accept-Encoding` header whether its stream is compressed
 * (RFC 9110, section 12.5.3).
 *
 * @module
 */

import { readWeights } from "../_server/accept_weights.ts";

/** RFC 9110: "A recipient SHOULD consider "x-gzip" to be equivalent to "gzip"." */
const ALIASES: Readonly<Record<string, string>> = { gzip: "x-gzip" };

/**
 * Tells how much `Accept-Encoding` asks for a coding: its weight, or 0 if it does not ask
 * for it or prefers no coding.
 *
 * Deviation: by the RFC a request without the header accepts any coding. A client that
 * does not ask may not be able to decompress, so its stream is not compressed.
 *
 * @param header The value of the header, `null` if it is absent.
 * @param coding The name of the coding.
 */
export function readCodingWeight(
  header: string | null,
  coding: string,
): number {
  if (header === null) return 0;
  const weights = readWeights(header);
  const alias = ALIASES[coding];
  const weight = weights.get(coding) ??
    (alias === undefined ? undefined : weights.get(alias)) ??
    weights.get("*") ?? 0;
  // A header that does not name "identity" accepts it, without a preference.
  const identity = weights.get("identity") ?? 0;
  return weight >= identity ? Math.max(weight, 0) : 0;
}
