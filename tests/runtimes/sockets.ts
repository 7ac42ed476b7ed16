// Copyright 2026 the Tidings authors. MIT license.

/** The tests that run where a server can listen, as they are. */

import "../channel_client_soak_test.ts";
import "../channel_soak_test.ts";
import "../channel_socket_test.ts";
import "../node_connection_test.ts";
import "../node_request_test.ts";
import "../node_sink_test.ts";
import "../node_test.ts";
import "../redis_logs_test.ts";
import "../redis_streams_test.ts";
import "../redis_writes_test.ts";
import "../runs_redis_test.ts";
import "../runs_resume_test.ts";
import "../server_socket_test.ts";
import "../socket_drop_test.ts";
import "../socket_refusal_test.ts";
import "../socket_server_test.ts";
import "../socket_standard_test.ts";
