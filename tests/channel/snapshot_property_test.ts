// Copyright 2026 the Tidings authors. MIT license.

import { makeMemoryStorage, makeRemoteStorage } from "./_storage.ts";
import { testSnapshot } from "./_snapshot_model.ts";

testSnapshot("MemoryEventLog", makeMemoryStorage, { runs: 10 });
testSnapshot("RemoteLog", makeRemoteStorage, { runs: 5 });
