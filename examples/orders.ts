// Copyright 2026 the Tidings authors. MIT license.

/**
 * An order system in PostgreSQL, with a page that shows its orders live. Each change and its
 * event are one transaction: the page never shows what was rolled back, and misses nothing
 * that was committed. Start as many servers as you like with the same `DATABASE_URL`.
 *
 * ```sh
 * DATABASE_URL=postgres://127.0.0.1/app deno run -A examples/orders.ts
 * curl -X POST localhost:8000/orders -d 'two cups of tea'
 * curl -X POST localhost:8000/orders/1/paid
 * ```
 *
 * Another server on this machine needs another port, such as by
 * `DENO_SERVE_ADDRESS=tcp:127.0.0.1:8001`.
 *
 * An order whose text has "fail" is rolled back after its event was published: nobody gets
 * it.
 */

import { EventChannel } from "@tidings/sse/channel";
import { type PostgresClient, PostgresEventLog } from "@tidings/sse/postgres";
import pg from "npm:pg@8.23.1";

const connectionString = Deno.env.get("DATABASE_URL");
const pool = new pg.Pool({ connectionString });
// Without listeners, a connection that is lost ends the process, in a transaction or not.
const ignoreErrors = (
  source: { on(name: "error", listener: () => void): unknown },
) => source.on("error", () => {});
ignoreErrors(pool);
pool.on("connect", ignoreErrors);

/** What runs statements: the pool, or a connection with a transaction. */
interface Queries {
  query(
    sql: string,
    values?: unknown[],
  ): Promise<{ rows: Record<string, string>[] }>;
}

const client: PostgresClient = {
  query: async (sql, values, on: Queries = pool) =>
    (await on.query(sql, values)).rows,
  listen: async (channel, onNotify, onLost) => {
    const listener = new pg.Client({ connectionString });
    listener.on(
      "notification",
      ({ payload = "" }: { payload?: string }) => onNotify(payload),
    );
    listener.on("error", onLost).on("end", onLost);
    const stop = () => listener.end();
    try {
      await listener.connect();
      await listener.query(`LISTEN ${channel}`);
    } catch (error) {
      stop(); // a standby connects, but refuses to listen
      throw error;
    }
    return stop;
  },
};

const log = new PostgresEventLog(client, "orders");
await log.rewind(0); // makes the tables of the log
await pool.query(`CREATE TABLE IF NOT EXISTS orders (
  id serial PRIMARY KEY, text text NOT NULL, state text NOT NULL
)`).catch(() => {}); // another server makes it
const channel = new EventChannel({
  log,
  // A page that opens gets all orders first, then each change.
  snapshot: async () => {
    const { rows } = await pool.query("SELECT * FROM orders ORDER BY id");
    return rows.map((order: unknown) => ({ event: "order", json: order }));
  },
});

/** Changes orders, and publishes what they are then: both happen, or neither does. */
async function change(sql: string, values: unknown[]): Promise<string> {
  const transaction = await pool.connect();
  try {
    await transaction.query("BEGIN");
    const { rows: [order] } = await transaction.query(sql, values);
    if (order === undefined) throw new Error("There is no such order");
    await channel.publish({ event: "order", json: order }, { transaction });
    if (order.text.includes("fail")) throw new Error("The order failed");
    await transaction.query("COMMIT");
    return JSON.stringify(order);
  } catch (error) {
    // A connection that is lost has rolled back already.
    await transaction.query("ROLLBACK").catch(() => {});
    throw error;
  } finally {
    transaction.release();
  }
}

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>Orders</title>
<h1>Orders</h1>
<ul></ul>
<script type="module">
  const list = document.querySelector("ul");
  new EventSource("/events").addEventListener("order", ({ data }) => {
    const { id, text, state } = JSON.parse(data);
    const item = document.getElementById("order-" + id) ??
      list.appendChild(document.createElement("li"));
    item.id = "order-" + id;
    item.textContent = id + ": " + text + " (" + state + ")";
  });
</script>
`;

// Anyone who reaches this server may write. Remove `hostname` when it authenticates.
Deno.serve({ hostname: "127.0.0.1" }, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/events") return channel.serve(request);
  if (request.method !== "POST") {
    return new Response(PAGE, { headers: { "content-type": "text/html" } });
  }
  const [, id, state] = /^\/orders\/(\d+)\/(\w+)$/.exec(pathname) ?? [];
  try {
    const order = id === undefined
      ? await change(
        "INSERT INTO orders (text, state) VALUES ($1, 'new') RETURNING *",
        [await request.text()],
      )
      : await change(
        "UPDATE orders SET state = $2 WHERE id = $1 RETURNING *",
        [id, state],
      );
    return new Response(`${order}\n`, { status: id === undefined ? 201 : 200 });
  } catch (error) {
    return new Response(`${(error as Error).message}\n`, { status: 409 });
  }
});
