// Copyright 2026 the Tidings authors. MIT license.

/**
 * The counters of a channel for Prometheus, which asks for them, and for OpenTelemetry,
 * whose SDK reads them at its own interval. Without an SDK, the API does nothing.
 *
 * ```sh
 * deno run -N examples/metrics.ts
 * curl localhost:8000/metrics
 * ```
 */

import { EventChannel, type StreamCounters } from "@tidings/sse/channel";
// deno-lint-ignore no-import-prefix -- the package itself must not depend on it.
import { metrics } from "npm:@opentelemetry/api@1.10.0";

const GAUGES = new Set<string>(["size", "live", "behind", "sinceLogFailure"]);
/** What the keys of the counters that have several values are. */
const LABELS: Record<string, string> = { refused: "status", closed: "reason" };

const channel = new EventChannel();
setInterval(() => channel.publish({ data: new Date().toISOString() }), 1000);

/** Gives each value with its name and, if there are several, its label. */
function* list(counters: StreamCounters): Generator<[string, string, number]> {
  for (const [name, value] of Object.entries(counters)) {
    if (typeof value === "number") yield [name, "", value];
    else for (const key in value) yield [name, key, value[key]];
  }
}

const meter = metrics.getMeter("tidings");
const instruments = Object.keys(channel.counters).map((name) =>
  GAUGES.has(name)
    ? meter.createObservableGauge(`tidings.${name}`)
    : meter.createObservableCounter(`tidings.${name}`)
);
meter.addBatchObservableCallback((result) => {
  const names = Object.keys(channel.counters);
  for (const [name, key, value] of list(channel.counters)) {
    const attributes = key === "" ? {} : { [LABELS[name]!]: key };
    result.observe(instruments[names.indexOf(name)]!, value, attributes);
  }
}, instruments);

function writePrometheus(): string {
  return [...list(channel.counters)].map(([name, key, value]) => {
    const label = key === "" ? "" : `{${LABELS[name]}="${key}"}`;
    const snake = name.replace(
      /[A-Z]/g,
      (letter) => `_${letter.toLowerCase()}`,
    );
    const suffix = GAUGES.has(name) ? "" : "_total";
    return `tidings_${snake}${suffix}${label} ${value}\n`;
  }).join("");
}

Deno.serve({ hostname: "127.0.0.1" }, (request) => {
  const { pathname } = new URL(request.url);
  if (pathname !== "/metrics") return channel.serve(request);
  const headers = { "content-type": "text/plain; version=0.0.4" };
  return new Response(writePrometheus(), { headers });
});
