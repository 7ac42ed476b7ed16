// Copyright 2026 the Tidings authors. MIT license.

/** Puts the client into a page that zone.js has patched, as Angular's are. */

import "npm:zone.js@0.16.3";
import "./_client_page.ts";
