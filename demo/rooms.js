// Copyright 2026 the Tidings authors. MIT license.

/**
 * The rooms: shows the messages of one room, and says something in it.
 *
 * @module
 */

import { EventSource, followPage } from "./library.js";

const byId = (id) => document.getElementById(id);
const form = byId("room-form");
let source;

form.addEventListener("change", ({ target }) => {
  if (target.name === "room") enter(target.value);
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { room, text } = form.elements;
  const body = text.value;
  text.value = "";
  const { ok } = await fetch(addressOf(room.value), { method: "POST", body });
  if (!ok) text.value = body;
});
enter(form.elements.room.value);

// #region rooms
/** Shows a room: its messages first, then each new one. */
function enter(room) {
  source?.close();
  source = new EventSource(addressOf(room));
  // A tab that is hidden has no connection here, and catches up when it is shown.
  followPage(source, { hidden: "disconnect" });
  source.addEventListener("room", ({ data }) => {
    byId("messages").replaceChildren(...JSON.parse(data).map(makeLine));
    showWhetherEmpty();
  });
  source.addEventListener("message", ({ data }) => {
    byId("messages").append(makeLine(JSON.parse(data)));
    showWhetherEmpty();
  });
}
// #endregion

function addressOf(room) {
  return `room?${new URLSearchParams({ name: room })}`;
}

function makeLine({ number, text }) {
  const line = document.createElement("li");
  line.value = number;
  line.textContent = text;
  return line;
}

function showWhetherEmpty() {
  const messages = byId("messages");
  byId("room-empty").hidden = messages.childElementCount > 0;
  messages.scrollTop = messages.scrollHeight;
}
