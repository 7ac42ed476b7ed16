// Copyright 2026 the Tidings authors. MIT license.

import { makeMemoryStorage, makeRemoteStorage } from "./_storage.ts";
import { testConflation } from "./_conflation_model.ts";

testConflation("MemoryEventLog", makeMemoryStorage, { runs: 10 });
testConflation("RemoteLog", makeRemoteStorage, { runs: 5 });
