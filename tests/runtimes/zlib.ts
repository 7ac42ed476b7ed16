// Copyright 2026 the Tidings authors. MIT license.

/** The tests that run where there is `node:zlib`, as they are. */

import "../compression_channel_test.ts";
import "../compression_node_test.ts";
import "../compression_serve_test.ts";
import "../compression_soak_test.ts";
import "../compression_test.ts";
