// Copyright 2026 the Tidings authors. MIT license.

/**
 * Notifications for users and their teams, over one connection for each user. The
 * server takes a user's topics from the session. So no request shows a client the
 * notifications of others, not even when it resumes.
 *
 * ```sh
 * deno run -N examples/notifications.ts
 * curl -N localhost:8000 -H 'cookie: session=7c9a'
 * curl localhost:8000/user:ada -H 'cookie: session=51e0' -d 'Your parcel is here.'
 * curl localhost:8000/team:north -H 'cookie: session=51e0' -d 'Lunch!'
 * ```
 */

import { EventChannel } from "@tidings/sse/channel";

interface User {
  name: string;
  teams: string[];
}

/** Replace these with the sessions of your application. */
const sessions = new Map<string, User>([
  ["7c9a", { name: "ada", teams: ["north"] }],
  ["51e0", { name: "bob", teams: ["north", "south"] }],
  ["e3b8", { name: "eve", teams: [] }],
]);

const MAX_LENGTH = 1000;
const channel = new EventChannel();

Deno.serve(async (request) => {
  const user = authenticate(request);
  if (user === undefined) return new Response(null, { status: 401 });
  if (request.method !== "POST") {
    return channel.serve(request, { topics: topicsOf(user) });
  }
  const topic = new URL(request.url).pathname.slice(1);
  if (!mayNotify(user, topic)) return new Response(null, { status: 403 });
  const data = await request.text();
  if (data.length > MAX_LENGTH) return new Response(null, { status: 413 });
  const event = { event: "notification", data };
  const id = await channel.publish(event, { topics: [topic] });
  return new Response(`${id}\n`, { status: 201 });
});

function authenticate({ headers }: Request): User | undefined {
  const [, session = ""] = /(?:^|; )session=(\w+)/
    .exec(headers.get("cookie") ?? "") ?? [];
  return sessions.get(session);
}

function topicsOf({ name, teams }: User): string[] {
  return [`user:${name}`, ...teams.map((team) => `team:${team}`)];
}

/** A member of a team may write to the team and to each of its members. */
function mayNotify(sender: User, topic: string): boolean {
  const teams = topicsOf(sender).slice(1);
  return teams.includes(topic) ||
    [...sessions.values()].some((user) =>
      topic === `user:${user.name}` &&
      topicsOf(user).some((shared) => teams.includes(shared))
    );
}
