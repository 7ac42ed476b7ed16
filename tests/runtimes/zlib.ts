// Copyright 2026 the Tidings authors. MIT license.

/** The tests that run where there is `node:zlib`, as they are. */

import "../channel/disconnect_test.ts";
import "../compression/accept_encoding_test.ts";
import "../compression/channel_test.ts";
import "../compression/topic_set_test.ts";
import "../compression/node_test.ts";
import "../compression/options_test.ts";
import "../compression/serve_test.ts";
import "../compression/soak_test.ts";
import "../compression/compression_test.ts";
import "../compression/window_test.ts";
import "../compression/zstd_test.ts";
import "../server/answers_test.ts";
import "../server/first_byte_test.ts";
