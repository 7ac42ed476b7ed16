// Copyright 2026 the Tidings authors. MIT license.

/**
 * The page of the demo.
 *
 * @module
 */

import "./live.js";
import "./answer.js";
import "./rooms.js";
import "./code.js";
