// Copyright 2026 the Tidings authors. MIT license.

/**
 * Whether a client is to get a stream compressed (RFC 9110, section 12.5.3).
 *
 * @module
 */

import { readWeights } from "../_server/accept_weights.ts";

/**
 * Whether `Accept-Encoding` asks for gzip, and does not ask rather for no coding.
 *
 * Deviation: by the RFC a request without the header takes any coding. Who does not
 * ask may not be able to read it, and gets none.
 *
 * @param header The value of the header, `null` if it is absent.
 */
export function acceptsGzip(header: string | null): boolean {
  if (header === null) return false;
  const weights = readWeights(header);
  const any = weights.get("*");
  // RFC 9110: "A recipient SHOULD consider "x-gzip" to be equivalent to "gzip"."
  const gzip = weights.get("gzip") ?? weights.get("x-gzip") ?? any ?? 0;
  // Not to be named is to be acceptable, with no preference.
  const identity = weights.get("identity") ?? 0;
  return gzip > 0 && gzip >= identity;
}
