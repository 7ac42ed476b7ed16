// Copyright 2026 the Tidings authors. MIT license.

/** Puts the client into a page. */

import { connect, EventSource } from "../../client.ts";

Object.assign(globalThis, { tidings: { connect, EventSource } });
