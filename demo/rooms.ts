// Copyright 2026 the Tidings authors. MIT license.

/**
 * Rooms to chat in: a client gets the latest messages of its room, and then each new one.
 *
 * @module
 */

import { EventChannel } from "../channel.ts";

const ROOMS: readonly string[] = ["tea", "coffee"];
/** Messages that a room keeps. */
const KEPT = 20;
const MAX_LENGTH = 200;

/** A message in a room. */
export interface Message {
  /** Counts the messages of all rooms from 1. */
  number: number;
  text: string;
}

// #region rooms
/** Rooms to chat in, each a topic of one channel with typed events. */
export class Rooms {
  readonly #channel = new EventChannel<{ room: Message[]; message: Message }>({
    retry: 1000,
  });
  readonly #messages = new Map<string, Message[]>();
  #count = 0;

  /** Serves the messages that are there, and then each new one. */
  serve(request: Request, room: string): Response {
    return this.#channel.serve(request, {
      topics: [room],
      snapshot: () => [{ event: "room", json: this.#read(room) }],
    });
  }

  /** Says something in a room. */
  async say(room: string, text: string): Promise<void> {
    const message = { number: ++this.#count, text };
    // The room has the message before its event is published: no client misses it.
    this.#messages.set(room, [...this.#read(room), message].slice(-KEPT));
    await this.#channel.publish({ event: "message", json: message }, {
      topics: [room],
    });
  }
  // #endregion

  /** Answers a request: GET reads a room, POST says something in it. */
  async answer(request: Request): Promise<Response> {
    const room = new URL(request.url).searchParams.get("name") ?? "";
    if (!ROOMS.includes(room)) {
      return new Response("Not found\n", { status: 404 });
    }
    if (request.method !== "POST") return this.serve(request, room);
    const text = (await request.text()).trim();
    if (text === "" || text.length > MAX_LENGTH) {
      return new Response(`Expected 1 to ${MAX_LENGTH} characters\n`, {
        status: 400,
      });
    }
    await this.say(room, text);
    return new Response(null, { status: 204 });
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }

  #read(room: string): Message[] {
    return this.#messages.get(room) ?? [];
  }
}
