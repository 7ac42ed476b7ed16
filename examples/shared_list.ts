// Copyright 2026 the Tidings authors. MIT license.

/**
 * A list that several people change together. The server puts the list and a cursor into
 * the page, which then gets every change, or the whole list after a long absence.
 *
 * ```sh
 * deno run -N examples/shared_list.ts
 * ```
 */

import { EventChannel } from "@tidings/sse/channel";

const MAX_ITEMS = 1000;
const MAX_LENGTH = 100;
/** Each item, and whether it is done: setting it once more does no harm. */
const items = new Map([["Tea", false], ["Milk", true]]);
const channel = new EventChannel({
  snapshot: () => [{ event: "list", json: [...items] }],
});

/** Makes the page, with a cursor that was taken before the list is read. */
function makePage(cursor: string): string {
  const state = JSON.stringify({ cursor, list: [...items] });
  return `<!DOCTYPE html><title>List</title>
<form><input name="item" maxlength="${MAX_LENGTH}"><button>Add</button></form>
<ul></ul>
<script>
  const { cursor, list } = ${state.replaceAll("<", "\\u003c")};
  const items = new Map(list);
  const show = () =>
    document.querySelector("ul").replaceChildren(
      ...[...items].map(([item, isDone]) =>
        Object.assign(document.createElement("li"), {
          textContent: (isDone ? "☑ " : "☐ ") + item,
          onclick: () => send(item, !isDone),
        })
      ),
    );
  const send = (item, done) =>
    fetch("/", { method: "POST", body: new URLSearchParams({ item, done }) });
  document.forms[0].onsubmit = (event) => {
    event.preventDefault();
    send(event.target.item.value, false);
    event.target.reset();
  };
  const source = new EventSource("/events?after=" + encodeURIComponent(cursor));
  source.addEventListener("item", ({ data }) => {
    items.set(...JSON.parse(data));
    show();
  });
  source.addEventListener("list", ({ data }) => {
    items.clear();
    JSON.parse(data).forEach((pair) => items.set(...pair));
    show();
  });
  show();
</script>`;
}

// Anyone who reaches this server may write. Remove `hostname` when it authenticates.
Deno.serve({ hostname: "127.0.0.1" }, async (request) => {
  if (new URL(request.url).pathname === "/events") {
    return channel.serve(request, { lastEventIdParameter: "after" });
  }
  if (request.method !== "POST") {
    const headers = { "content-type": "text/html; charset=utf-8" };
    return new Response(makePage(await channel.cursor()), { headers });
  }
  const form = new URLSearchParams(await request.text());
  const item = form.get("item") ?? "";
  const isDone = form.get("done") === "true";
  const isFull = items.size >= MAX_ITEMS && !items.has(item);
  const isBad = item === "" || item.length > MAX_LENGTH || isFull;
  if (isBad) return new Response(null, { status: 400 });
  items.set(item, isDone);
  await channel.publish({ event: "item", json: [item, isDone] });
  return new Response(null, { status: 204 });
});
