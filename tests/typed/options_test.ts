// Copyright 2026 the Tidings authors. MIT license.

import {
  checkEvents,
  type CheckEventsOptions,
  checkListener,
  type CheckListenerOptions,
  unchecked,
  type UnknownTypes,
} from "../../typed/mod.ts";
import { testOptions } from "../support/options_suite.ts";

testOptions<CheckEventsOptions<UnknownTypes>>({
  name: "checkEvents()",
  call: (options) => checkEvents(ReadableStream.from([]), {}, options).return(),
  right: { onInvalid: () => "skip", unknownTypes: "error", done: "" },
  wrong: { onInvalid: "skip", unknownTypes: "ignore", done: /DONE/ },
});

testOptions<CheckListenerOptions>({
  name: "checkListener()",
  call: (options) => checkListener(unchecked(), () => {}, options),
  right: { onInvalid: () => {} },
  wrong: { onInvalid: "skip" },
});
