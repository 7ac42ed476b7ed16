// Copyright 2026 the Tidings authors. MIT license.

/** Tests that cannot hold in WebKit, for no fault of ours: names and reasons. */
export const WEBKIT_EXCEPTIONS: Record<string, string> = {};
