// Copyright 2026 the Tidings authors. MIT license.

/**
 * The live view: draws the charts, and counts lost and doubled events.
 *
 * @module
 */

import { Chart } from "./chart.js";
import { SharedEventSource } from "./library.js";
import { Resumption } from "./resumption.js";

const LOG_LENGTH = 100;
const STATES = ["reconnecting", "open", "closed"];

const byId = (id) => document.getElementById(id);
const charts = Object.entries({
  cpu: { unit: "%", digits: 0, max: 100 },
  memory: { unit: "%", digits: 0, max: 100 },
  delay: { unit: "ms", digits: 1 },
  resident: { unit: "MiB", digits: 0 },
}).map(([name, options]) => [name, new Chart(byId(name), options)]);
const resumption = new Resumption("event", (message) => {
  byId("live-message").textContent = message;
});

const counts = { received: 0, reconnections: -1 };
const { title } = document;

// #region live
// The server has put the last minute into the page, and where it ends.
const { cursor, measurements } = JSON.parse(byId("start").textContent);
let known = measurements.at(-1)?.sequence ?? 0;
for (const measurement of measurements) draw(measurement);

// One connection for all tabs. It begins after what the page has.
const source = new SharedEventSource("events", { lastEventId: cursor });
source.addEventListener("open", join, { once: true });
source.addEventListener("measurement", ({ data }) => {
  const measurement = JSON.parse(data);
  // What was measured while the page was made may come a second time.
  if (measurement.sequence <= known) return;
  resumption.add(measurement.sequence, measurement.time);
  draw(measurement);
});
// #endregion

source.addEventListener("open", () => {
  counts.reconnections++;
  resumption.handleReopen();
  show();
});
source.addEventListener("error", () => {
  resumption.handleDrop();
  show();
});
source.addEventListener("gap", () => {
  // A new server counts from 1 again: that is neither a loss nor a repeat.
  known = 0;
  resumption.beginAfter(undefined);
  for (const [, chart] of charts) chart.clear();
  byId("live-message").textContent =
    "The server was started again without its history: it counts from 1.";
});
source.addEventListener("measurement", (event) => {
  counts.received++;
  addToLog(event);
  show();
});
setInterval(show, 1000);

byId("drop").addEventListener("click", () => fetch("drop", { method: "POST" }));
byId("slow").addEventListener("change", async () => {
  await fetch("slow-reader", { method: "POST" });
  showServer();
});
byId("gzip").addEventListener("change", async () => {
  await fetch("compression", { method: "POST" });
  showServer();
});
setInterval(showServer, 1000);
showServer();

/** A tab that joins another's connection asks for what came while its page was loaded. */
async function join() {
  if (source.isLeader) {
    if (known > 0) resumption.beginAfter(known);
    return;
  }
  for (const measurement of await (await fetch("measurements")).json()) {
    draw(measurement);
  }
}

function draw(measurement) {
  for (const [name, chart] of charts) {
    chart.set(measurement.time, measurement[name]);
  }
}

function show() {
  const state = counts.reconnections < 0
    ? "connecting"
    : STATES[source.readyState];
  // A screen reader reads the text out each time it is set, even if it is the same.
  if (byId("state").textContent !== state) byId("state").textContent = state;
  byId("state").dataset.state = state;
  const { isLeader } = source;
  byId("leader").textContent = isLeader
    ? "held by this tab"
    : "held by another tab";
  document.title = isLeader ? `● ${title}` : title;
  byId("received").textContent = counts.received;
  byId("reconnections").textContent = Math.max(0, counts.reconnections);
  byId("verdict").textContent = resumption.verdict;
  byId("verdict").classList.toggle("wrong", !resumption.isRight);
  for (const [, chart] of charts) chart.showAge();
}

function addToLog(event) {
  const line = document.createElement("li");
  const id = document.createElement("b");
  id.textContent = event.lastEventId;
  line.append(id, ` ${event.type} ${event.data}`);
  byId("log").prepend(line);
  if (byId("log").childElementCount > LOG_LENGTH) {
    byId("log").lastChild.remove();
  }
}

async function showServer() {
  try {
    const { slowReader, compression } = await (await fetch("state")).json();
    showSlowReader(slowReader);
    showCompression(compression);
  } catch {
    // The server is gone, and the state of the connection shows it.
  }
}

function showSlowReader({ running, read, lost, sequence }) {
  byId("slow").checked = running;
  const behind = Math.max(0, (resumption.last ?? 0) - sequence);
  byId("slow-state").textContent = running
    ? `${read} read, ${lost} lost, ${read > 0 ? behind : 0} behind`
    : "off";
}

function showCompression({ isOn, bytes, savedBytes }) {
  byId("gzip").checked = isOn;
  const all = bytes + savedBytes;
  const percent = all > 0 ? Math.round(savedBytes / all * 100) : 0;
  byId("gzip-state").textContent = isOn
    ? `${bytes} of ${all} bytes sent: ${percent} % saved`
    : "off";
}
