// Copyright 2026 the Tidings authors. MIT license.

/** A GraphQL server with a subscription, over whatever looks like a WebSocket. */

import {
  GraphQLInt,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
} from "npm:graphql@16.12.0";
import { makeServer } from "npm:graphql-ws@6.4.2";

/** The subprotocol that it speaks. */
export const GRAPHQL_PROTOCOL = "graphql-transport-ws";
/** How many numbers a subscription gives. */
export const COUNT = 500;

const graphql = makeServer({
  schema: new GraphQLSchema({
    query: new GraphQLObjectType({
      name: "Query",
      fields: { hello: { type: GraphQLString, resolve: () => "world" } },
    }),
    subscription: new GraphQLObjectType({
      name: "Subscription",
      fields: {
        tick: {
          type: GraphQLInt,
          args: { from: { type: GraphQLInt } },
          subscribe: (_source, { from }) => ticks(from),
        },
      },
    }),
  }),
});

async function* ticks(from: number): AsyncGenerator<{ tick: number }> {
  for (let tick = from; tick < from + COUNT; tick++) {
    if (tick % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    yield { tick };
  }
}

/** What the documentation of `graphql-ws` says of other WebSocket servers. */
export function serveGraphQL(socket: WebSocket): void {
  socket.onopen = () => {
    const closed = graphql.opened({
      protocol: socket.protocol,
      send: (data) => Promise.resolve(socket.send(data)),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (receive) => {
        socket.onmessage = ({ data }) => void receive(data);
      },
    }, {});
    socket.onclose = ({ code, reason }) => void closed(code, reason);
  };
}
