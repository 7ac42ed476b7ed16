// Copyright 2026 the Tidings authors. MIT license.

/**
 * A process that stands still blames no connection for it: a client is stopped, as a lid
 * or a paused container stops it, and goes on.
 */

import { assertEquals } from "@std/assert";
import { startIdleTimer } from "../../_idle_timer.ts";
import { serveEvents } from "../../server.ts";
import { serveSocket } from "../../socket/server.ts";
import { bundle } from "../../scripts/_bundle.ts";
import { hasNode } from "../support/has_node.ts";
import { findLine, linesOf } from "../support/process_lines.ts";
import { hasSignals, sendSignal, signalNote } from "../support/send_signal.ts";
import { within } from "../support/within.ts";

/** Milliseconds between two events, of the client's timeout, and of a standstill. */
const PACE = 50;
const IDLE_TIMEOUT = 1000;
const STANDSTILL = 1500;
/** The number of the event with which the client ends. */
const LAST = 45;

const CLIENTS = ["connect", "post", "event-source", "socket"];
const RUNTIMES: Record<string, { command: string; args: string[] }> = {
  Deno: { command: Deno.execPath(), args: ["run", "-A"] },
  Node: { command: "node", args: [] },
};

/** The program of the client, once it is needed. */
let program: Promise<string> | undefined;

/** Numbers, at a pace that is slower than no timeout. */
async function* count(
  waits: Promise<void>[],
): AsyncGenerator<{ data: string; id: number }> {
  for (let id = 1; id <= LAST * 10; id++) {
    yield { data: `${id}`, id };
    waits.push(pass(PACE));
    await waits.at(-1);
  }
}

function pass(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}

async function sendNumbers(socket: WebSocket): Promise<void> {
  for (let number = 1; socket.readyState <= WebSocket.OPEN; number++) {
    if (socket.readyState === WebSocket.OPEN) socket.send(`${number}`);
    else number--;
    await pass(PACE);
  }
}

for (const [runtime, { command, args }] of Object.entries(RUNTIMES)) {
  const isMissing = runtime === "Node" && !hasNode;
  const note = isMissing ? " (ignored: there is no Node)" : signalNote;
  for (const client of CLIENTS) {
    Deno.test({
      name:
        `a client of the kind ${client} keeps its connection over a standstill of its process, in ${runtime}${note}`,
      ignore: isMissing || !hasSignals,
      async fn() {
        const file = await Deno.makeTempFile({ suffix: ".mjs" });
        program ??= bundle("tests/client/_standstill_program.ts");
        await Deno.writeTextFile(file, await program);
        const shutdown = new AbortController();
        const { signal } = shutdown;
        // What is still under way when the client has left.
        const waits: Promise<void>[] = [];
        let streams = 0;
        await using server = Deno.serve(
          { hostname: "127.0.0.1", port: 0, onListen() {} },
          (request) => {
            if (client !== "socket") {
              streams++;
              return serveEvents(request, count(waits), {
                methods: ["GET", "POST"],
                signal,
              });
            }
            if (request.method === "GET") streams++;
            return serveSocket(
              request,
              (socket) => waits.push(sendNumbers(socket)),
              { signal },
            );
          },
        );
        const url = `http://127.0.0.1:${server.addr.port}/`;
        const child = new Deno.Command(command, {
          args: [...args, file, client, url, `${LAST}`, `${IDLE_TIMEOUT}`],
          stdout: "piped",
          stderr: "inherit",
        }).spawn();
        const lines = linesOf(child.stdout).getReader();
        try {
          await findLine(lines, /^3$/);
          sendSignal(child, "SIGSTOP");
          await pass(STANDSTILL);
          sendSignal(child, "SIGCONT");
          const seen: string[] = [];
          while (seen.at(-1) !== `${LAST}`) {
            const line = (await within("a number", lines.read())).value;
            if (line === undefined) break;
            seen.push(line);
          }
          // Each once, those too that came meanwhile.
          assertEquals(
            seen,
            Array.from({ length: LAST - 3 }, (_, index) => `${index + 4}`),
          );
          assertEquals(streams, 1);
        } finally {
          sendSignal(child, "SIGKILL");
          await child.status;
          await lines.cancel();
          shutdown.abort();
          await Promise.all(waits);
          await Deno.remove(file);
        }
      },
    });
  }
}

/** A clock that moves by hand. */
class HandClock {
  #now = 0;
  #timers = new Map<number, { callback: () => void; due: number }>();
  #count = 0;

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, delay: number): unknown {
    this.#timers.set(++this.#count, { callback, due: this.#now + delay });
    return this.#count;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as number);
  }

  /** Moves on without any timer, and then fires those that are due, once. */
  move(time: number): void {
    this.#now += time;
    for (const [timer, { callback, due }] of [...this.#timers]) {
      if (due > this.#now) continue;
      this.#timers.delete(timer);
      callback();
    }
  }
}

interface TimerRow {
  name: string;
  timeout: number;
  /** How far the clock moves each time. */
  moves: number[];
  /** After which of them it fires, `undefined` for never. */
  fires: number | undefined;
}

const TIMERS: TimerRow[] = [
  {
    name: "fires after its time, and a little more for what has arrived",
    timeout: 1000,
    moves: [999, 1, 9, 1],
    fires: 3,
  },
  {
    name: "begins anew if it is late",
    timeout: 1000,
    moves: [5000, 999, 1, 10],
    fires: 3,
  },
  {
    name: "takes a little lateness for none",
    timeout: 1000,
    moves: [1100, 10],
    fires: 1,
  },
  {
    name: "takes 50 ms for a little, however short its time is",
    timeout: 1,
    moves: [51, 60],
    fires: 1,
  },
  {
    name: "begins anew if the process stands still after it was on time",
    timeout: 1000,
    moves: [1000, 5000, 999, 1, 10],
    fires: 4,
  },
  {
    name: "fires although each time is late, as in a hidden tab",
    timeout: 1000,
    moves: [60_000, 60_000, 60_000, 60_000],
    fires: 3,
  },
  {
    name: "never fires if its time is Infinity",
    timeout: Infinity,
    moves: [1e12],
    fires: undefined,
  },
];

for (const { name, timeout, moves, fires } of TIMERS) {
  Deno.test(`startIdleTimer() ${name}`, () => {
    const clock = new HandClock();
    const fired: number[] = [];
    let move = 0;
    startIdleTimer(timeout, () => fired.push(move), clock);
    for (; move < moves.length; move++) clock.move(moves[move]!);
    assertEquals(fired, fires === undefined ? [] : [fires]);
  });
}

Deno.test("startIdleTimer() is stopped in all its states", () => {
  for (const moves of [[], [1000], [5000], [5000, 1000], [1000, 5000]]) {
    const clock = new HandClock();
    let fired = 0;
    const stop = startIdleTimer(1000, () => fired++, clock);
    for (const time of moves) clock.move(time);
    stop();
    for (let i = 0; i < 5; i++) clock.move(1000);
    assertEquals(fired, 0);
  }
});
