// Copyright 2026 the Tidings authors. MIT license.

import { makeMemoryStorage, makeRemoteStorage } from "./_storage.ts";
import { testTopicSets } from "./_topic_sets_model.ts";

testTopicSets("MemoryEventLog", makeMemoryStorage, { runs: 10 });
testTopicSets("RemoteLog", makeRemoteStorage, { runs: 5 });
