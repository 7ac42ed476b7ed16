// Copyright 2026 the Tidings authors. MIT license.

/** The tests of `EventSource`, as they are. */

import "../client_event_source_interface_test.ts";
import "../client_event_source_test.ts";
import "../client_failure_test.ts";
import "../client_listeners_test.ts";
import "../shared_test.ts";
