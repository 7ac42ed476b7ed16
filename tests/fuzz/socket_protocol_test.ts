// Copyright 2026 the Tidings authors. MIT license.

/**
 * Both ends of the socket's protocol against a peer that sends random events and requests.
 * An uncaught error ends the run, and so does a timer that is left.
 */

import { assert, assertEquals } from "@std/assert";
import { EventStreamSocket } from "../../socket/mod.ts";
import { serveSocket } from "../../socket/server.ts";
import { event } from "../socket/_kinds.ts";
import { fuzzDeadline, fuzzSeed } from "../support/fuzz.ts";
import { Random } from "../support/random.ts";
import { within } from "../support/within.ts";
import { closeEvent, eventsFrom, mutate, openEvent } from "./_socket_events.ts";

const ENCODER = new TextEncoder();
/** Cases that run at once. */
const PARALLEL = 16;

/** Runs cases until the time is up; what fails tells the seed of its own. */
async function fuzz(check: (random: Random) => Promise<void>): Promise<void> {
  let seed = fuzzSeed();
  const isOver = fuzzDeadline(1000);
  const run = async () => {
    do {
      const own = seed++;
      try {
        await check(new Random(own));
      } catch (error) {
        throw new Error(`Failed, run again with SEED=${own}: ${error}`, {
          cause: error,
        });
      }
    } while (!isOver());
  };
  await Promise.all(Array.from({ length: PARALLEL }, run));
}

/** Watches a socket's events. Gives what is wrong with their order. */
function watch(socket: WebSocket): { fault: string } {
  const state = { fault: "" };
  let last = "connecting";
  const step = (type: string, allowed: string[]) => {
    if (!allowed.includes(last)) state.fault ||= `${type} after ${last}`;
    last = type;
  };
  socket.addEventListener("open", () => step("open", ["connecting"]));
  socket.addEventListener(
    "message",
    () => step("message", ["open", "message"]),
  );
  socket.addEventListener(
    "error",
    () => step("error", ["connecting", "open", "message"]),
  );
  socket.addEventListener("close", ({ code, reason, wasClean }) => {
    step("close", wasClean ? ["open", "message"] : ["error"]);
    if (!isAllowed(code)) state.fault ||= `the code ${code}`;
    if (ENCODER.encode(reason).length > 123) state.fault ||= reason;
    if (code === 1002 && reason === "" && !wasClean) {
      state.fault ||= "no reason";
    }
  });
  return state;
}

/** Whether a `CloseEvent` may have a code. */
function isAllowed(code: number): boolean {
  return code >= 1000 && code <= 1014 && code !== 1004 ||
    code >= 3000 && code <= 4999;
}

/** An honest socket that sends and receives for as long as the others are there. */
class HonestClient {
  readonly #socket: WebSocket;
  readonly #isOpen: Promise<unknown>;
  #sent = 0;
  #received = 0;
  #isOver = false;
  #settled = Promise.withResolvers<void>();

  constructor(url: string) {
    this.#socket = new EventStreamSocket(url);
    this.#isOpen = event(this.#socket, "open");
    this.#socket.onopen = () => this.#send();
    this.#socket.onmessage = ({ data }) => {
      assertEquals(data, `${this.#received++}`);
      if (this.#isOver) this.#settled.resolve();
      else this.#send();
    };
  }

  /** Stops, and checks that nothing was lost. */
  async end(): Promise<void> {
    await this.#isOpen;
    this.#isOver = true;
    await within("the last answer of the honest one", this.#settled.promise);
    assertEquals(this.#received, this.#sent);
    const closed = event(this.#socket, "close");
    this.#socket.close(3000);
    const { code, wasClean } = await closed;
    assertEquals([code, wasClean], [3000, true]);
  }

  #send(): void {
    this.#socket.send(`${this.#sent++}`);
  }
}

/** Serves sockets that send back what comes, beside what a test does. */
function serve(handler: (request: Request) => Response | Promise<Response>) {
  const errors: unknown[] = [];
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
    onError(error) {
      errors.push(error);
      return new Response(null, { status: 500 });
    },
  }, (request) => {
    if (new URL(request.url).pathname !== "/honest") return handler(request);
    return serveSocket(request, (socket) => {
      socket.onmessage = ({ data }) => socket.send(data);
    });
  });
  return { url: `http://127.0.0.1:${server.addr.port}/`, server, errors };
}

/** The answers of a hostile server to one client. */
class HostileScript {
  readonly #random: Random;
  #streams: number;
  #nextId = 1;

  constructor(random: Random) {
    this.#random = random;
    this.#streams = 1 + random.below(3);
  }

  async answer(request: Request): Promise<Response> {
    const random = this.#random;
    if (request.method === "POST") {
      await request.text().catch(() => {});
      const status = random.pick([204, 204, 204, 204, 200, 400, 404, 429, 503]);
      return new Response(null, { status });
    }
    if (this.#streams-- <= 0) return new Response(null, { status: 404 });
    let text = "";
    if (!request.headers.has("last-event-id") || random.onceIn(10)) {
      text = random.onceIn(10)
        ? mutate(random, openEvent(random))
        : openEvent(random);
    }
    text += eventsFrom(random, this.#nextId);
    // So that some streams that resume go on where the client is.
    this.#nextId += text.match(/^id:/gm)?.length ?? 0;
    if (random.onceIn(5)) text = text.slice(0, random.below(text.length + 1));
    return new Response(cut(random, text, random.onceIn(4)), {
      headers: { "content-type": "text/event-stream" },
    });
  }
}

/** A body of pieces that ends, or that breaks off. */
function cut(
  random: Random,
  text: string,
  breaksOff: boolean,
): ReadableStream<Uint8Array> {
  const pieces = random.cut(ENCODER.encode(text), 1 + random.below(200));
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece !== undefined) controller.enqueue(piece);
      else if (breaksOff) controller.error(new Error("it breaks off"));
      else controller.close();
    },
  });
}

Deno.test("EventStreamSocket closes with a code of WebSocket whatever a server sends", async () => {
  const scripts = new Map<string, HostileScript>();
  const { url, server } = serve((request) =>
    scripts.get(request.url)!.answer(request)
  );
  const honest = new HonestClient(`${url}honest`);
  let count = 0;
  await fuzz(async (random) => {
    const own = `${url}${count++}`;
    scripts.set(own, new HostileScript(random));
    const socket = new EventStreamSocket(own, [], {
      idleTimeout: 1000,
      reconnectionTime: 1,
      backoff: { maxDelay: 2 },
    });
    const state = watch(socket);
    const act = () => {
      if (random.onceIn(2)) socket.send("a".repeat(random.below(200)));
      if (random.onceIn(10)) socket.close(3000 + random.below(3));
    };
    socket.onopen = act;
    socket.onmessage = act;
    await event(socket, "close");
    assertEquals(state.fault, "");
    scripts.delete(own);
  });
  await honest.end();
  await server.shutdown();
});

const LIMITS = {
  sessionTimeout: 100,
  maxMessageSize: 1000,
  maxBatchSize: 3000,
  maxBuffered: 6000,
};

/** One session of a hostile client. */
class HostileClient {
  readonly #url: string;
  readonly #random: Random;
  readonly #open: Promise<unknown>[] = [];
  readonly #readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
  readonly #controller = new AbortController();
  #session = "new";
  #nextId = 1;

  constructor(url: string, random: Random) {
    this.#url = url;
    this.#random = random;
  }

  async run(): Promise<void> {
    const random = this.#random;
    await this.#get("0");
    for (let count = random.below(10); count > 0; count--) {
      if (random.onceIn(5)) await this.#get(this.#anyId());
      else if (random.onceIn(10)) await this.#other();
      else await this.#post();
    }
    // It is gone in the middle of whatever is under way.
    this.#controller.abort();
    for (const reader of this.#readers) this.#keep(reader.cancel());
    await Promise.all(this.#open);
  }

  async #get(lastEventId: string): Promise<void> {
    const response = await this.#fetch("GET", lastEventId);
    this.#session = response?.headers.get("socket-session") ?? this.#session;
    const reader = response?.body?.getReader();
    if (reader === undefined) return;
    this.#readers.push(reader);
    if (!this.#random.onceIn(5)) this.#keep(reader.read());
  }

  async #post(): Promise<void> {
    const random = this.#random;
    let text = eventsFrom(random, this.#nextId);
    this.#nextId += text.match(/^id:/gm)?.length ?? 0;
    if (random.onceIn(10)) text += closeEvent(random, this.#nextId++);
    if (random.onceIn(10)) text += "a".repeat(random.below(5000));
    const body = random.onceIn(2) ? text : cut(random, text, random.onceIn(3));
    const answer = this.#fetch("POST", this.#anyId(), body);
    // Several at once, too.
    if (random.onceIn(3)) this.#keep(answer);
    else await answer;
  }

  async #other(): Promise<void> {
    const method = this.#random.pick(["PUT", "HEAD", "OPTIONS", "DELETE"]);
    await this.#fetch(method, this.#anyId());
  }

  #anyId(): string {
    const ids = [
      "0",
      "0",
      "0",
      "1",
      "2",
      "3",
      "-1",
      "x",
      "1e3",
      "999999999999999",
    ];
    return this.#random.pick(ids);
  }

  #keep(promise: Promise<unknown>): void {
    this.#open.push(promise.catch(() => {}));
  }

  /** Gives no response where the request was broken off. */
  async #fetch(
    method: string,
    lastEventId: string,
    body?: BodyInit,
  ): Promise<Response | undefined> {
    const session = this.#random.onceIn(20)
      ? this.#random.pick(["new", "a", "", "é"])
      : this.#session;
    const { signal } = this.#controller;
    const headers = { "socket-session": session, "last-event-id": lastEventId };
    const init: RequestInit = { method, headers, signal };
    if (body !== undefined) Object.assign(init, { body, duplex: "half" });
    try {
      const response = await fetch(this.#url, init);
      if (method !== "GET") await response.body?.cancel();
      return response;
    } catch {
      return undefined;
    }
  }
}

Deno.test("serveSocket() ends each session, and no other, whatever a client sends", async () => {
  const faults: { fault: string }[] = [];
  const closed: Promise<unknown>[] = [];
  const { url, server, errors } = serve((request) =>
    serveSocket(request, (socket) => {
      faults.push(watch(socket));
      closed.push(
        new Promise((resolve) => socket.addEventListener("close", resolve)),
      );
      socket.addEventListener("message", ({ data }) => {
        socket.send(data);
        if (data.length === 7) socket.close(4000);
      });
    }, LIMITS)
  );
  const honest = new HonestClient(`${url}honest`);
  await fuzz((random) => new HostileClient(url, random).run());
  await within("all sockets are closed", Promise.all(closed));
  assert(faults.length > PARALLEL);
  assertEquals(faults.filter(({ fault }) => fault !== ""), []);
  await honest.end();
  await untilNoSession();
  await server.shutdown();
  assertEquals(errors, []);
});

/** Waits until a process that may have one session has room for it. */
async function untilNoSession(): Promise<void> {
  const shutdown = new AbortController();
  const request = new Request("http://localhost/", {
    headers: { "socket-session": "new" },
  });
  const wait = async () => {
    for (;;) {
      const options = { maxSessions: 1, signal: shutdown.signal };
      const response = await serveSocket(request, () => {}, options);
      await response.body?.cancel();
      if (response.status === 200) return shutdown.abort();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await within("no session is left", wait());
}
