// Copyright 2026 the Tidings authors. MIT license.

/** The tests of `EventSource`, as they are. */

import "../client/event_objects_test.ts";
import "../client/event_source_interface_test.ts";
import "../client/event_source_test.ts";
import "../client/failure_test.ts";
import "../client/listeners_test.ts";
import "../client/max_attempts_test.ts";
import "../client/returnable_id_test.ts";
import "../client/url_test.ts";
import "../shared/shared_test.ts";
