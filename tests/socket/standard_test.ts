// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the standard says of a WebSocket, as a table that runs against the runtime's
 * own, ours over an event stream, and ours over a WebSocket upgrade.
 */

import {
  ObeyingServer,
  OWN,
  type SocketKind,
  STREAM,
  UPGRADE,
} from "./_kinds.ts";
import { ROWS } from "./_rows.ts";
import { CLOSING_ROWS } from "./_rows_closing.ts";

function define(kind: SocketKind): void {
  for (
    const { name, deviation, showsThrough = false, run } of [
      ...ROWS,
      ...CLOSING_ROWS,
    ]
  ) {
    const ignore = deviation !== undefined &&
      (kind === OWN || (kind === UPGRADE && showsThrough));
    const reason = ignore ? ` (ignored: ${deviation})` : "";
    Deno.test({
      name: `WebSocket over ${kind.name} ${name}${reason}`,
      ignore,
      async fn() {
        const protocols = ["chat.v2", "chat.v1"];
        await using server = new ObeyingServer(kind, { protocols });
        await run(kind.open, server);
      },
    });
  }
}

define(STREAM);
// The others need a server that upgrades.
if ("upgradeWebSocket" in Deno) {
  define(OWN);
  define(UPGRADE);
}
