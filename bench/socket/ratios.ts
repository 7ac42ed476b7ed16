// Copyright 2026 the Tidings authors. MIT license.

/**
 * A socket over an event stream and POSTs beside the runtime's own WebSocket, on
 * the loopback interface, as a Markdown table: server and clients in one process,
 * in alternating rounds.
 */

import { EventStreamSocket } from "../../socket/mod.ts";
import { serveSocket } from "../../socket/server.ts";
import { type Row, Table } from "../_table.ts";

/** One kind of client. */
type SocketClass = new (url: string) => WebSocket;

const MESSAGE = "m".repeat(100);
const ROUNDS = 11;
const MESSAGES = 50_000;
/** Messages that are sent in one event loop turn. */
const BURST = 500;
const ROUND_TRIPS = 1_000;
const CLASSES: readonly SocketClass[] = [EventStreamSocket, WebSocket];

await using server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  (request) => {
    const { pathname } = new URL(request.url);
    // The peer's server is the runtime's own as well.
    if (!request.headers.has("upgrade")) {
      return serveSocket(request, (socket) => answer(socket, pathname));
    }
    const { socket, response } = Deno.upgradeWebSocket(request);
    answer(socket, pathname);
    return response;
  },
);
const base = `http://127.0.0.1:${server.addr.port}`;

console.log(`Deno ${Deno.version.deno}, ${Deno.build.target}\n`);
const table = new Table();
table.begin();
table.add(await compareThroughput("down", receiveAll));
table.add(await compareThroughput("up", postAll));
for (const row of await compareRoundTrips()) table.add(row);
if (table.end(Deno.args)) Deno.exitCode = 1;

function answer(socket: WebSocket, pathname: string): void {
  if (pathname === "/down") socket.onopen = () => sendAll(socket);
  else if (pathname === "/up") countAll(socket, () => socket.send("all"));
  else socket.onmessage = ({ data }) => socket.send(data);
}

/** Sends all messages, in bursts, at the pace at which they leave. */
async function sendAll(socket: WebSocket): Promise<void> {
  for (let sent = 0; sent < MESSAGES; sent += BURST) {
    for (let i = 0; i < BURST; i++) socket.send(MESSAGE);
    do await waitForTurn(); while (
      socket.bufferedAmount > BURST * MESSAGE.length
    );
  }
}

function countAll(socket: WebSocket, onEnd: () => void): void {
  let count = 0;
  socket.onmessage = ({ data }) => {
    if (data.length !== MESSAGE.length) throw new Error("A message is wrong");
    if (++count === MESSAGES) onEnd();
  };
}

/** Microseconds for each message that comes down. */
async function receiveAll(Class: SocketClass): Promise<number> {
  const socket = new Class(`${base}/down`);
  await new Promise((resolve) => socket.onopen = resolve);
  const begin = performance.now();
  await new Promise<void>((resolve) => countAll(socket, resolve));
  return await finish(socket, begin) / MESSAGES;
}

/** Microseconds for each message that goes up. */
async function postAll(Class: SocketClass): Promise<number> {
  const socket = new Class(`${base}/up`);
  await new Promise((resolve) => socket.onopen = resolve);
  const begin = performance.now();
  const all = new Promise((resolve) => socket.onmessage = resolve);
  await sendAll(socket);
  await all;
  return await finish(socket, begin) / MESSAGES;
}

/** Microseconds since the beginning, the closing handshake left out. */
async function finish(socket: WebSocket, begin: number): Promise<number> {
  const time = (performance.now() - begin) * 1000;
  socket.close();
  await new Promise((resolve) => socket.onclose = resolve);
  return time;
}

async function compareThroughput(
  direction: string,
  measure: (Class: SocketClass) => Promise<number>,
): Promise<Row> {
  const times = CLASSES.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, Class] of CLASSES.entries()) {
      times[index]!.push(await measure(Class));
    }
  }
  const [ours, peer] = times.map((samples) => quantile(samples, 0.5));
  const ratio = peer! / ours!;
  return {
    name: `100-byte messages, ${direction}`,
    ours: perSecond(ours!),
    peer: `WebSocket ${perSecond(peer!)}`,
    peerName: "WebSocket",
    result: `${ratio.toFixed(2)} ×`,
    figure: ratio,
  };
}

async function compareRoundTrips(): Promise<Row[]> {
  const times = CLASSES.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, Class] of CLASSES.entries()) {
      times[index]!.push(...await roundTrips(Class));
    }
  }
  return [0.5, 0.99].map((share) => {
    const [ours, peer] = times.map((samples) => quantile(samples, share));
    const ratio = ours! / peer!;
    return {
      name: `round trip, p${share * 100}`,
      ours: `${ours!.toFixed(0)} µs`,
      peer: `WebSocket ${peer!.toFixed(0)} µs`,
      peerName: "WebSocket",
      result: `${ratio.toFixed(2)} × as long`,
      figure: ratio,
    };
  });
}

/** Microseconds of each round trip, one after the other. */
async function roundTrips(Class: SocketClass): Promise<number[]> {
  const socket = new Class(`${base}/echo`);
  await new Promise((resolve) => socket.onopen = resolve);
  const times: number[] = [];
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const begin = performance.now();
    const echo = new Promise((resolve) => socket.onmessage = resolve);
    socket.send(MESSAGE);
    await echo;
    times.push((performance.now() - begin) * 1000);
  }
  await finish(socket, 0);
  return times;
}

function waitForTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  // Cannot fail: there is at least one value, and the share is below 1.
  return sorted[Math.floor(sorted.length * share)]!;
}

function perSecond(microseconds: number): string {
  return `${Math.round(1e3 / microseconds)} k/s`;
}
