// Copyright 2026 the Tidings authors. MIT license.

/**
 * The tests that run in every runtime, as they are. What a test needs of Deno is
 * stood in for; one that needs what cannot be had is skipped, with the reason.
 */

import "../client_backoff_test.ts";
import "../client_connect_test.ts";
import "../client_content_type_test.ts";
import "../client_idle_test.ts";
import "../client_reconnect_test.ts";
import "../client_refusal_test.ts";
import "../client_request_test.ts";
import "../decoder_stream_test.ts";
import "../encoder_json_test.ts";
import "../encoder_property_test.ts";
import "../encoder_test.ts";
import "../event_logs_test.ts";
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
import "../typed_iteration_test.ts";
import "../typed_listener_test.ts";
import "../typed_test.ts";
