// Copyright 2026 the Tidings authors. MIT license.

import { toNodeHandler, type ToNodeHandlerOptions } from "../../node/mod.ts";
import { testOptions } from "../support/options_suite.ts";

testOptions<ToNodeHandlerOptions>({
  name: "toNodeHandler()",
  call: (options) => toNodeHandler(() => new Response(), options),
  right: { onError: () => {} },
  wrong: { onError: "log" },
});
