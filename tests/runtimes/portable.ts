// Copyright 2026 the Tidings authors. MIT license.

/**
 * The tests that run in every runtime, as they are. One that needs a server or a
 * socket of Deno is skipped where there is none.
 */

import "../client_backoff_test.ts";
import "../client_connect_test.ts";
import "../client_idle_test.ts";
import "../client_json_test.ts";
import "../client_reconnect_test.ts";
import "../client_refusal_test.ts";
import "../client_request_test.ts";
import "../decoder_stream_test.ts";
import "../encoder_property_test.ts";
import "../encoder_test.ts";
import "../log_test.ts";
import "../parser_callback_test.ts";
import "../parser_limit_test.ts";
import "../parser_property_test.ts";
import "../parser_reset_test.ts";
import "../parser_size_test.ts";
import "../parser_test.ts";
import "../read_events_abort_test.ts";
import "../read_events_cancel_test.ts";
import "../read_events_response_test.ts";
import "../read_events_test.ts";
