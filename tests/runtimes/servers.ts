// Copyright 2026 the Tidings authors. MIT license.

/** The tests that run wherever requests are answered, as they are. */

import "../channel/bounds_test.ts";
import "../channel/close_test.ts";
import "../channel/departure_test.ts";
import "../channel/group_test.ts";
import "../channel/cursors_test.ts";
import "../channel/catch_up_test.ts";
import "../channel/keep_alive_schedule_test.ts";
import "../channel/lifetime_test.ts";
import "../channel/errors_test.ts";
import "../channel/log_bounds_test.ts";
import "../channel/log_test.ts";
import "../channel/misuse_test.ts";
import "../channel/on_limit_test.ts";
import "../channel/options_test.ts";
import "../channel/replay_test.ts";
import "../channel/resume_test.ts";
import "../channel/returnable_id_test.ts";
import "../channel/channel_test.ts";
import "../channel/topics_property_test.ts";
import "../channel/topics_test.ts";
import "../channel/until_test.ts";
import "../encoder/json_sending_test.ts";
import "../encoder/misplaced_options_test.ts";
import "../runs/departure_test.ts";
import "../runs/forwarding_log_test.ts";
import "../runs/lost_run_log_test.ts";
import "../runs/errors_test.ts";
import "../runs/limits_test.ts";
import "../runs/options_test.ts";
import "../runs/source_test.ts";
import "../runs/runs_test.ts";
import "../runs/wrong_use_test.ts";
import "../server/admission_test.ts";
import "../server/negotiate_test.ts";
import "../server/close_test.ts";
import "../server/cors_test.ts";
import "../server/departure_test.ts";
import "../server/options_test.ts";
import "../server/keep_alive_test.ts";
import "../server/session_test.ts";
import "../server/source_test.ts";
import "../server/wrong_request_test.ts";
import "../typed/sending_test.ts";
