// Copyright 2026 the Tidings authors. MIT license.

/** The tests that run where a server can listen, as they are. */

import "../channel/client_soak_test.ts";
import "../channel/soak_test.ts";
import "../channel/socket_test.ts";
import "../fuzz/response_heads_test.ts";
import "../node/compressing_middleware_test.ts";
import "../node/connection_test.ts";
import "../node/earlier_reader_test.ts";
import "../node/departure_test.ts";
import "../node/hostile_fuzz_test.ts";
import "../node/hostile_response_test.ts";
import "../node/mount_test.ts";
import "../node/options_test.ts";
import "../node/pipelining_test.ts";
import "../node/request_test.ts";
import "../node/warnings_test.ts";
import "../node/wrong_use_test.ts";
import "../node/sink_test.ts";
import "../node/node_test.ts";
import "../logs/error_names_test.ts";
import "../logs/malformed_entries_test.ts";
import "../logs/names_test.ts";
import "../logs/redis_logs_test.ts";
import "../logs/error_kinds_test.ts";
import "../logs/redis_streams_test.ts";
import "../logs/redis_writes_test.ts";
import "../runs/redis_loss_test.ts";
import "../runs/redis_test.ts";
import "../runs/resume_test.ts";
import "../server/idle_test.ts";
import "../server/socket_test.ts";
import "../fuzz/socket_protocol_test.ts";
import "../socket/departure_test.ts";
import "../socket/drop_test.ts";
import "../socket/earlier_read_test.ts";
import "../socket/on_limit_test.ts";
import "../socket/origin_test.ts";
import "../socket/options_test.ts";
import "../socket/post_test.ts";
import "../socket/protocol_test.ts";
import "../socket/refusal_test.ts";
import "../socket/server_test.ts";
import "../socket/standard_test.ts";
import "../socket/unreturnable_id_test.ts";
import "../socket/wrong_use_test.ts";
