// Copyright 2026 the Tidings authors. MIT license.

/** The tests that run wherever requests are answered, as they are. */

import "../channel_close_test.ts";
import "../channel_group_test.ts";
import "../channel_history_test.ts";
import "../channel_lifetime_test.ts";
import "../channel_log_test.ts";
import "../channel_resume_test.ts";
import "../channel_test.ts";
import "../channel_topics_property_test.ts";
import "../channel_topics_test.ts";
import "../channel_until_test.ts";
import "../json_sending_test.ts";
import "../runs_options_test.ts";
import "../runs_source_test.ts";
import "../runs_test.ts";
import "../server_answer_test.ts";
import "../server_close_test.ts";
import "../server_cors_test.ts";
import "../server_keep_alive_test.ts";
import "../server_session_test.ts";
import "../server_source_test.ts";
import "../typed_sending_test.ts";
