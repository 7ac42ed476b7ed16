// Copyright 2026 the Tidings authors. MIT license.

import { makeMemoryStorage, makeRemoteStorage } from "./_storage.ts";
import { testTopics } from "./_topics_model.ts";

testTopics("MemoryEventLog", makeMemoryStorage, { runs: 15 });
testTopics("RemoteLog", makeRemoteStorage, { runs: 10 });
