// Copyright 2026 the Tidings authors. MIT license.

/**
 * Live state over servers and an engine that are killed and paused: rooms change, users
 * enter rooms and are signed out, and in the end every client shows what the store has,
 * over a stream that was opened after its user was signed out the last time.
 */

import { assert } from "@std/assert";
import { connect, type EventStreamConnection } from "../../client.ts";
import { ChaosServer, disturb, type EngineServer, sleep } from "./_process.ts";
import type { ChaosEngine } from "./_server.ts";
import type { StoredUser } from "./_state_server.ts";
import type { Random } from "../support/random.ts";
import { within } from "../support/within.ts";

/** What a run is made of. */
export interface StateChaosOptions {
  engine: ChaosEngine;
  /** The server of the engine, if it has one that can be killed. */
  database?: EngineServer | undefined;
  random: Random;
  /** Milliseconds of chaos, before all is left in peace to come to its end. */
  duration: number;
}

/** What came of a run. */
export interface StateChaosReport {
  kills: number;
  changes: number;
  joins: number;
  signOuts: number;
  snapshots: number;
  pages: number;
  attempts: number;
}

const SERVERS = 3;
const USERS = ["ada", "bob", "eve"];
const ROOMS = ["room:a", "room:b", "room:c", "room:d"];
const CLIENTS = 6;

/** What is so: in this process, which is not killed. */
class Store {
  readonly versions = new Map(ROOMS.map((room) => [room, 0]));
  readonly #users = new Map(
    USERS.map((user) => [user, { session: 0, rooms: new Set([ROOMS[0]!]) }]),
  );
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      const user = new URL(request.url).searchParams.get("user") ?? "";
      return Response.json(this.load(user));
    },
  );

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  load(user: string): StoredUser {
    const { session, rooms } = this.#obtain(user);
    const entries = [...rooms].map((room) => [room, this.versions.get(room)]);
    return { session, rooms: Object.fromEntries(entries) };
  }

  change(room: string): number {
    const version = (this.versions.get(room) ?? 0) + 1;
    this.versions.set(room, version);
    return version;
  }

  join(user: string, room: string): void {
    this.#obtain(user).rooms.add(room);
  }

  signOut(user: string): void {
    this.#obtain(user).session++;
  }

  async close(): Promise<void> {
    await this.#server.shutdown();
  }

  #obtain(user: string): { session: number; rooms: Set<string> } {
    const stored = this.#users.get(user);
    assert(stored !== undefined, "there is no such user");
    return stored;
  }
}

/** A client of a user, which keeps what it was told. */
class Client {
  readonly user: string;
  readonly rooms = new Map<string, number>();
  snapshots = 0;
  pages = 0;
  attempts = 0;
  /** With which session the latest stream was opened. */
  session = -1;
  /** Set in the end: then it leaves no stream of its own accord. */
  isQuiet = false;
  readonly #world: World;
  readonly #signal: AbortSignal;

  constructor(world: World, user: string, signal: AbortSignal) {
    this.#world = world;
    this.user = user;
    this.#signal = signal;
  }

  /** Shows the state until it is aborted, over as many subscriptions as it takes. */
  async run(): Promise<void> {
    const { random } = this.#world;
    let cursor: string | undefined;
    while (!this.#signal.aborted) {
      // The page is loaded again, comes back without a cursor, or resumes.
      const start = random.below(3);
      if (start === 0) cursor = await this.#open();
      else if (start === 1) cursor = undefined;
      try {
        for await (const event of this.#connect(cursor)) {
          cursor = event.lastEventId || cursor;
          this.#show(event.event, event.data);
          if (!this.isQuiet && random.onceIn(20)) break;
        }
      } catch {
        // The user is signed out, and in again.
      }
      if (!this.#signal.aborted) await sleep(random.below(100));
    }
  }

  /** Whether it shows what is so, over a stream of the latest session. */
  get isRight(): boolean {
    const { session, rooms } = this.#world.store.load(this.user);
    return this.session === session &&
      Object.entries(rooms).every(([room, version]) =>
        this.rooms.get(room) === version
      );
  }

  describe(): string {
    const shown = JSON.stringify([...this.rooms]);
    const stored = JSON.stringify(this.#world.store.load(this.user));
    return `${this.user} shows ${shown}, session ${this.session}: ${stored}`;
  }

  async #open(): Promise<string | undefined> {
    try {
      const url = `${this.#world.pick()}page?user=${this.user}`;
      const signal = AbortSignal.timeout(2000);
      const { cursor, rooms } = await (await fetch(url, { signal })).json();
      this.pages++;
      this.#showAll(rooms);
      return cursor;
    } catch {
      return undefined;
    }
  }

  #show(event: string, data: string): void {
    if (event === "begin") this.snapshots++;
    if (event === "rooms" || event === "change") {
      this.#showAll(JSON.parse(data));
    }
  }

  #showAll(rooms: Record<string, number>): void {
    for (const [room, version] of Object.entries(rooms)) {
      // What comes a second time is older.
      this.rooms.set(room, Math.max(version, this.rooms.get(room) ?? 0));
    }
  }

  #connect(cursor: string | undefined): EventStreamConnection {
    const after = cursor === undefined
      ? ""
      : `&after=${encodeURIComponent(cursor)}`;
    return connect("http://chaos.invalid/", {
      fetch: async (_, init) => {
        this.attempts++;
        const { session } = this.#world.store.load(this.user);
        const query = `?user=${this.user}&session=${session}${after}`;
        const url = `${this.#world.pick()}events${query}`;
        const response = await fetch(url, init);
        if (response.ok) this.session = session;
        return response;
      },
      signal: this.#signal,
      reconnectionTime: 20,
      backoff: { maxDelay: 200 },
    });
  }
}

/** What all parts have in common. */
class World {
  readonly store = new Store();
  readonly servers: readonly ChaosServer[];
  readonly random: Random;

  constructor({ engine, random }: StateChaosOptions) {
    this.random = random;
    const argument = { engine, store: this.store.url };
    this.servers = Array.from(
      { length: SERVERS },
      () => new ChaosServer("_state_server.ts", argument),
    );
  }

  /** The URL of any server. */
  pick(): string {
    return this.random.pick(this.servers).url;
  }

  async ready(): Promise<void> {
    const all = Promise.all(this.servers.map((each) => each.ready()));
    await within("servers start", all);
  }

  /** Posts until a server has done it: what has failed may have been done, too. */
  async post(path: string, body?: unknown, server?: string): Promise<void> {
    for (;;) {
      try {
        const response = await fetch(`${server ?? this.pick()}${path}`, {
          method: "POST",
          body: JSON.stringify(body ?? null),
          signal: AbortSignal.timeout(2000),
        });
        await response.body?.cancel();
        if (response.ok) return;
      } catch {
        // It is killed, paused, or cannot reach the log.
      }
      await sleep(20);
    }
  }

  /** Tells the clients with a topic of the versions of rooms. */
  async tell(topic: string, rooms: Record<string, number>): Promise<void> {
    const path = `publish?topic=${encodeURIComponent(topic)}`;
    await this.post(path, { event: "change", json: rooms });
  }

  async close(): Promise<void> {
    for (const server of this.servers) await server.end();
    await this.store.close();
  }
}

/** Changes rooms, has users enter them, and signs users out. */
class Life {
  changes = 0;
  joins = 0;
  signOuts = 0;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { random } = this.#world;
    while (!signal.aborted) {
      const action = random.below(8);
      if (action === 0) await this.#join();
      else if (action === 1) await this.signOut();
      else await this.change(random.pick(ROOMS));
      await sleep(random.below(20));
    }
  }

  /** The store first, then the event. */
  async change(room: string): Promise<void> {
    this.changes++;
    const version = this.#world.store.change(room);
    await this.#world.tell(room, { [room]: version });
  }

  async signOut(user = this.#world.random.pick(USERS)): Promise<void> {
    this.signOuts++;
    this.#world.store.signOut(user);
    await this.#world.post(`disconnect?topic=user:${user}`);
  }

  /** The room counts in each process before its state is read. */
  async #join(): Promise<void> {
    this.joins++;
    const { random, servers, store } = this.#world;
    const [user, room] = [random.pick(USERS), random.pick(ROOMS)];
    store.join(user, room);
    const path = `join?user=${user}&topic=${encodeURIComponent(room)}`;
    await Promise.all(
      servers.map(({ url }) => this.#world.post(path, null, url)),
    );
    await this.#world.tell(`user:${user}`, {
      [room]: store.versions.get(room) ?? 0,
    });
  }
}

/** Runs chaos, and checks what every client shows in the end. */
export async function runStateChaos(
  options: StateChaosOptions,
): Promise<StateChaosReport> {
  const world = new World(options);
  const controller = new AbortController();
  const { signal } = controller;
  const clients = Array.from(
    { length: CLIENTS },
    (_, index) => new Client(world, USERS[index % USERS.length]!, signal),
  );
  let running: Promise<void>[] = [];
  try {
    await world.ready();
    running = clients.map((client) => client.run());
    const life = new Life(world);
    const living = new AbortController();
    const lives = [life.run(living.signal), life.run(living.signal)];
    const { database, random, duration } = options;
    const kills = await disturb(world.servers, database, random, duration);
    living.abort();
    await world.ready();
    await within("the last changes", Promise.all(lives), 20_000);
    for (const client of clients) client.isQuiet = true;
    for (const room of ROOMS) await life.change(room);
    for (const user of USERS) await life.signOut(user);
    await settle(clients);
    const sum = (of: (client: Client) => number): number =>
      clients.reduce((total, client) => total + of(client), 0);
    const { changes, joins, signOuts } = life;
    return {
      kills,
      changes,
      joins,
      signOuts,
      snapshots: sum(({ snapshots }) => snapshots),
      pages: sum(({ pages }) => pages),
      attempts: sum(({ attempts }) => attempts),
    };
  } finally {
    controller.abort();
    await world.close();
    await Promise.all(running);
  }
}

/**
 * Waits until all clients show what is so, and none is cut off any more: a process that is
 * behind the log may cut one off once more.
 */
async function settle(clients: readonly Client[]): Promise<void> {
  const end = performance.now() + 20_000;
  const countAttempts = (): number =>
    clients.reduce((sum, { attempts }) => sum + attempts, 0);
  for (let isSettled = false; !isSettled;) {
    const before = countAttempts();
    await sleep(200);
    const wrong = clients.filter(({ isRight }) => !isRight);
    isSettled = wrong.length === 0 && countAttempts() === before;
    const texts = wrong.map((client) => client.describe());
    assert(performance.now() < end, `${texts.join("\n")}, or it goes on`);
  }
}
