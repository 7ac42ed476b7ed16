// Copyright 2026 the Tidings authors. MIT license.

/**
 * The page of the measurements: draws the charts and counts lost and doubled events.
 *
 * @module
 */

import { Chart } from "./chart.js";
import { SharedEventSource } from "./shared.js";

const LOG_LENGTH = 100;
const STATES = ["connecting", "open", "closed"];

const byId = (id) => document.getElementById(id);
const charts = {
  cpu: new Chart(byId("cpu"), { unit: "%", digits: 0, max: 100 }),
  memory: new Chart(byId("memory"), { unit: "%", digits: 0, max: 100 }),
  delay: new Chart(byId("delay"), { unit: "ms", digits: 1 }),
  resident: new Chart(byId("resident"), { unit: "MiB", digits: 0 }),
};

const counts = { received: 0, lost: 0, doubled: 0, reconnections: -1 };
let lastSequence = 0;
// Whether a gap came before the next event.
let isAfterGap = false;

const { title } = document;
const source = new SharedEventSource("events");
source.addEventListener("open", () => {
  counts.reconnections++;
  showState();
});
source.addEventListener("error", showState);
source.addEventListener("gap", () => {
  isAfterGap = true;
});
source.addEventListener("measurement", (event) => {
  const measurement = JSON.parse(event.data);
  count(measurement.sequence);
  for (const [name, chart] of Object.entries(charts)) {
    chart.add(measurement[name]);
  }
  addToLog(event);
  showState();
});

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

/** Counts an event as lost if a number is skipped, and as doubled if it repeats. */
function count(sequence) {
  counts.received++;
  // After a gap, a new server counts from 1 again. That is neither a loss nor a repeat.
  if (isAfterGap && sequence <= lastSequence) lastSequence = 0;
  isAfterGap = false;
  if (lastSequence > 0) {
    if (sequence > lastSequence + 1) counts.lost += sequence - lastSequence - 1;
    if (sequence <= lastSequence) counts.doubled++;
  }
  lastSequence = Math.max(lastSequence, sequence);
}

function showState() {
  const state = STATES[source.readyState];
  // A screen reader reads the text out each time it is set, even if it is the same.
  if (byId("state").textContent !== state) byId("state").textContent = state;
  byId("state").dataset.state = state;
  const { isLeader } = source;
  byId("leader").textContent = `held by ${isLeader ? "this" : "another"} tab`;
  document.title = isLeader ? `● ${title}` : title;
  byId("received").textContent = counts.received;
  byId("reconnections").textContent = Math.max(0, counts.reconnections);
  const { lost, doubled } = counts;
  byId("verdict").textContent = `${lost} lost, ${doubled} doubled`;
  byId("verdict").classList.toggle("wrong", lost + doubled > 0);
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
  const behind = Math.max(0, lastSequence - sequence);
  byId("slow-state").textContent = running
    ? `reads one event in 3 s: ${read} read, ${lost} lost, ${behind} behind`
    : "";
}

function showCompression({ isOn, bytes, savedBytes }) {
  byId("gzip").checked = isOn;
  const all = bytes + savedBytes;
  byId("gzip-state").textContent = isOn && all > 0
    ? `${bytes} of ${all} bytes sent: ${
      Math.round(savedBytes / all * 100)
    } % saved`
    : "";
}
