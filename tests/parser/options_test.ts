// Copyright 2026 the Tidings authors. MIT license.

import {
  EventStreamDecoderStream,
  EventStreamParser,
  type EventStreamParserOptions,
  readEvents,
  type ReadEventsOptions,
} from "../../parser.ts";
import { testOptions } from "../support/options_suite.ts";

const RIGHT = { maxEventSize: 5, onComment: () => {}, lastEventId: "5" };
const WRONG = { maxEventSize: "5", onComment: null, lastEventId: 5 };

testOptions<EventStreamParserOptions>({
  name: "new EventStreamParser()",
  call: (options) => new EventStreamParser(() => {}, options),
  right: RIGHT,
  wrong: WRONG,
});

testOptions<EventStreamParserOptions>({
  name: "new EventStreamDecoderStream()",
  call: (options) => new EventStreamDecoderStream(options),
  right: RIGHT,
  wrong: WRONG,
});

testOptions<ReadEventsOptions>({
  name: "readEvents()",
  call: (options) => readEvents(ReadableStream.from([]), options).return?.(),
  right: {
    ...RIGHT,
    signal: new AbortController().signal,
    ignoreContentType: true,
    idleTimeout: 5,
  },
  wrong: { ...WRONG, signal: true, ignoreContentType: "yes", idleTimeout: "5" },
});
