// Copyright 2026 the Tidings authors. MIT license.

/**
 * Resolves the URLs of connections and sockets.
 *
 * @module
 */

import { quote } from "../_validate.ts";

/**
 * Resolves a URL as a page or a worker does: against the document's base URL or
 * `location`, where there is one.
 *
 * @throws {DOMException} Named `"SyntaxError"` if the URL does not parse.
 */
export function resolveUrl(url: string): string {
  const scope: { document?: { baseURI: string }; location?: { href: string } } =
    globalThis;
  try {
    return new URL(url, scope.document?.baseURI ?? scope.location?.href).href;
  } catch {
    // React Native has no DOMException; this has the same name.
    throw new (globalThis.DOMException ?? SyntaxError)(
      `Cannot connect: expected an absolute URL, got ${quote(url)}`,
      "SyntaxError",
    );
  }
}
