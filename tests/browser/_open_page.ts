// Copyright 2026 the Tidings authors. MIT license.

/** Puts into a page all classes that open a stream. */

import { EventSource } from "../../client.ts";
import { SharedEventSource } from "../../shared/mod.ts";
import { EventStreamSocket } from "../../socket/mod.ts";

Object.assign(globalThis, {
  CLASSES: {
    "the browser's": globalThis.EventSource,
    EventSource,
    SharedEventSource,
    EventStreamSocket,
  },
});
