// Copyright 2026 the Tidings authors. MIT license.

/**
 * One server of the chaos with state, in a process of its own, with its engine, its port
 * and the URL of the store in the first argument as JSON. It does what
 * `docs/live_state.md` says. It ends when its standard input does.
 */

import { EventChannel, TopicSet } from "../../channel.ts";
import { type ChaosEngine, openLog } from "./_server.ts";

/** The argument of a server. */
export interface StateServerArgument {
  engine: ChaosEngine;
  port: number;
  store: string;
}

/** What the store has of a user. */
export interface StoredUser {
  /** Grows when the user is signed out. */
  session: number;
  /** The versions of the rooms that the user is in. */
  rooms: Record<string, number>;
}

/** Answers the requests of the test. */
class StateServer {
  readonly #channel: EventChannel;
  readonly #store: string;
  readonly #topics = new Map<string, TopicSet>();

  constructor(channel: EventChannel, store: string) {
    this.#channel = channel;
    this.#store = store;
  }

  async handle(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const user = searchParams.get("user") ?? "";
    const topic = searchParams.get("topic") ?? "";
    try {
      switch (pathname) {
        case "/events":
          return await this.#serve(request, user, searchParams.get("session"));
        case "/page": {
          // The cursor first, then the state.
          const cursor = await this.#channel.cursor();
          return Response.json({ cursor, ...await this.#load(user) });
        }
        case "/publish": {
          const { event, json } = await request.json();
          const options = { topics: [topic] };
          return text(await this.#channel.publish({ event, json }, options));
        }
        case "/join":
          await this.#topics.get(user)?.add(topic);
          return text("");
        case "/disconnect":
          return text(await this.#channel.disconnect(topic));
        default:
          return text("");
      }
    } catch (error) {
      return new Response(String(error), { status: 503 });
    }
  }

  async #serve(
    request: Request,
    user: string,
    session: string | null,
  ): Promise<Response> {
    // Before the store is asked: a room that is entered meanwhile is added to it.
    const topics = this.#obtain(user);
    const stored = await this.#load(user);
    if (`${stored.session}` !== session) {
      return new Response(null, { status: 401 });
    }
    for (const room of Object.keys(stored.rooms)) topics.add(room);
    const controller = new AbortController();
    const response = this.#channel.serve(request, {
      topics,
      signal: controller.signal,
      lastEventIdParameter: "after",
      snapshot: async () => [
        { event: "begin", data: "here" },
        { event: "rooms", json: (await this.#load(user)).rooms },
      ],
    });
    // Once the log is followed, nothing that is stored later passes this stream by.
    topics.add(`user:${user}`)
      .then(() => this.#load(user))
      .then((now) => {
        if (now.session !== stored.session) controller.abort();
      })
      .catch(() => controller.abort());
    return response;
  }

  #obtain(user: string): TopicSet {
    let topics = this.#topics.get(user);
    if (topics === undefined) {
      topics = new TopicSet([`user:${user}`]);
      this.#topics.set(user, topics);
    }
    return topics;
  }

  async #load(user: string): Promise<StoredUser> {
    const response = await fetch(`${this.#store}?user=${user}`);
    return await response.json();
  }
}

function text(body: string): Response {
  return new Response(body);
}

if (import.meta.main) {
  const argument: StateServerArgument = JSON.parse(Deno.args[0]!);
  const { log } = await openLog(argument.engine);
  const channel = new EventChannel({
    log,
    retry: 20,
    liveSegmentBytes: 20_000,
    // The store ends with the test, and the log is killed.
    onError: () => {},
  });
  const server = new StateServer(channel, argument.store);
  const { port } = argument;
  Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    (request) => server.handle(request),
  );
  for await (const _ of Deno.stdin.readable);
  Deno.exit();
}
