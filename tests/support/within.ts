// Copyright 2026 the Tidings authors. MIT license.

/** The deadline of what tests wait for, which the public cases have as well. */

export { within } from "../../testing/_within.ts";
