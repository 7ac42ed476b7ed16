// Copyright 2026 the Tidings authors. MIT license.

/**
 * Whether `fetch` may send a header with a control character: that of Chromium does. A
 * browser is known by a header that it drops, since only it may set it.
 */
export const SENDS_CONTROL_CHARACTERS: boolean = !new Request(
  "http://localhost",
  { headers: { Host: "a" } },
).headers
  .has("Host");
