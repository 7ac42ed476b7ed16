// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads from a request's `Accept-Encoding` header whether its stream is compressed
 * (RFC 9110, section 12.5.3).
 *
 * @module
 */

import { readWeights } from "../_server/accept_weights.ts";

/**
 * Tells whether `Accept-Encoding` asks for gzip, and does not prefer no coding.
 *
 * Deviation: by the RFC a request without the header accepts any coding. A client that
 * does not ask may not be able to decompress, so its stream is not compressed.
 *
 * @param header The value of the header, `null` if it is absent.
 */
export function acceptsGzip(header: string | null): boolean {
  if (header === null) return false;
  const weights = readWeights(header);
  const any = weights.get("*");
  // RFC 9110: "A recipient SHOULD consider "x-gzip" to be equivalent to "gzip"."
  const gzip = weights.get("gzip") ?? weights.get("x-gzip") ?? any ?? 0;
  // A header that does not name "identity" accepts it, without a preference.
  const identity = weights.get("identity") ?? 0;
  return gzip > 0 && gzip >= identity;
}
