// Copyright 2026 the Tidings authors. MIT license.

/**
 * A price board. Prices change faster than anybody looks at them: a page that was hidden, or
 * is slow, gets the newest price of each symbol, and not all that it has missed.
 *
 * ```sh
 * deno run -N examples/price_board.ts
 * ```
 */

import { EventChannel } from "@tidings/sse/channel";

const INTERVAL = 100;
/** Cents, by symbol. */
const prices = new Map([["TEA", 420], ["MILK", 119], ["CAKE", 250]]);
const channel = new EventChannel({
  snapshot: () => [{ event: "prices", json: [...prices] }],
});

setInterval(() => {
  for (const [symbol, cents] of prices) {
    const change = Math.round((Math.random() - 0.5) * 20);
    const price: [string, number] = [symbol, Math.max(1, cents + change)];
    prices.set(...price);
    channel.publish({ event: "price", json: price }, {
      conflationKey: `price:${symbol}`,
    });
  }
}, INTERVAL);

const PAGE = `<!DOCTYPE html><title>Prices</title>
<table></table>
<p><output>0</output> events. Hide this page for a while, and come back.</p>
<script>
  const prices = new Map();
  let events = 0;
  let after = "";
  let source;
  const show = ({ lastEventId }) => {
    after = lastEventId;
    document.querySelector("output").value = ++events;
    document.querySelector("table").replaceChildren(
      ...[...prices].map(([symbol, cents]) => {
        const row = document.createElement("tr");
        row.insertCell().textContent = symbol;
        row.insertCell().textContent = (cents / 100).toFixed(2);
        return row;
      }),
    );
  };
  const follow = () => {
    source?.close();
    if (document.hidden) return;
    source = new EventSource("/events?after=" + encodeURIComponent(after));
    source.addEventListener("price", (event) => {
      prices.set(...JSON.parse(event.data));
      show(event);
    });
    source.addEventListener("prices", (event) => {
      JSON.parse(event.data).forEach((price) => prices.set(...price));
      show(event);
    });
  };
  document.addEventListener("visibilitychange", follow);
  follow();
</script>`;

Deno.serve({ hostname: "127.0.0.1" }, (request) => {
  if (new URL(request.url).pathname === "/events") {
    return channel.serve(request, { lastEventIdParameter: "after" });
  }
  const headers = { "content-type": "text/html; charset=utf-8" };
  return new Response(PAGE, { headers });
});
