// Copyright 2026 the Tidings authors. MIT license.

/**
 * The tests that run in every runtime, as they are. What a test needs of Deno is
 * stood in for; one that needs what cannot be had is skipped, with the reason.
 */

import "../client/abort_test.ts";
import "../client/accept_test.ts";
import "../client/backoff_test.ts";
import "../client/comments_test.ts";
import "../client/connect_test.ts";
import "../client/foreign_body_test.ts";
import "../client/content_type_test.ts";
import "../client/fetch_mistakes_test.ts";
import "../client/idle_test.ts";
import "../client/options_test.ts";
import "../client/reconnect_test.ts";
import "../client/refusal_test.ts";
import "../client/request_test.ts";
import "../client/settled_test.ts";
import "../client/short_streams_test.ts";
import "../parser/decoder_stream_test.ts";
import "../parser/foreign_response_test.ts";
import "../encoder/json_test.ts";
import "../encoder/property_test.ts";
import "../encoder/encoder_test.ts";
import "../log/memory_event_logs_test.ts";
import "../log/memory_event_log_test.ts";
import "../log/options_test.ts";
import "../logs/listener_test.ts";
import "../logs/postgres_options_test.ts";
import "../logs/postgres_waits_test.ts";
import "../logs/redis_options_test.ts";
import "../logs/retention_test.ts";
import "../logs/write_limiter_test.ts";
import "../parser/body_reader_test.ts";
import "../parser/callback_test.ts";
import "../parser/growing_text_test.ts";
import "../parser/idle_test.ts";
import "../parser/limit_test.ts";
import "../parser/own_text_test.ts";
import "../parser/options_test.ts";
import "../parser/property_test.ts";
import "../parser/reset_test.ts";
import "../parser/size_test.ts";
import "../parser/parser_test.ts";
import "../parser/read_events_abort_test.ts";
import "../parser/read_events_cancel_test.ts";
import "../parser/read_events_response_test.ts";
import "../parser/read_events_test.ts";
import "../testing/testing_test.ts";
import "../typed/iteration_test.ts";
import "../typed/listener_test.ts";
import "../typed/no_content_test.ts";
import "../offline/assert_test.ts";
import "../offline/streams_test.ts";
import "../shared/leader_test.ts";
import "../shared/recent_events_test.ts";
import "../typed/options_test.ts";
import "../typed/typed_test.ts";
import "../package/reactive_test.ts";
import "../validate/validate_test.ts";
import "../warning/warning_test.ts";
import "../abort/abort_test.ts";
