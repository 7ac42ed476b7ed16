// Copyright 2026 the Tidings authors. MIT license.

/**
 * The examples of `docs/durable_logs.md`, as they are printed:
 * each runs as two servers, and what one publishes reaches the clients of the other.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect } from "../../client.ts";
import { POSTGRES_SCHEMA, PostgresEventLog } from "../../logs/postgres.ts";
import { SQLITE_SCHEMA } from "../../logs/sqlite.ts";
import { Following } from "../conformance/event_log_readers.ts";
import { endConnection, openPostgres } from "../support/postgres_client.ts";
import {
  hasPostgres,
  postgresNote,
  PostgresServer,
} from "../support/postgres_server.ts";
import { hasRedis, redisNote, RedisServer } from "../support/redis_server.ts";
import {
  checkTypes,
  GuideServer,
  readExample,
  runExample,
} from "./_guide_server.ts";
import { within } from "../support/within.ts";

Deno.test("docs: the example for SQLite serves the same events from two processes", async () => {
  const directory = await Deno.makeTempDir();
  await checkExample("sqlite", directory, {});
  await Deno.remove(directory, { recursive: true });
});

Deno.test("docs: the tables of SQLite are those that the guide shows", async () => {
  const guide = await Deno.readTextFile(
    new URL("../../docs/durable_logs.md", import.meta.url),
  );
  const shown = guide.split("```sql\n")[1]?.split("```")[0];
  assertEquals(shown?.replaceAll(/ *--.*$/gm, ""), SQLITE_SCHEMA);
});

for (const example of ["pg", "postgres"]) {
  Deno.test(
    `docs: the example for npm:${example} serves the same events from two processes${postgresNote}`,
    {
      ignore: !hasPostgres,
    },
    async () => {
      const directory = await Deno.makeTempDir();
      await using server = await PostgresServer.start();
      await checkExample(example, directory, { DATABASE_URL: server.url });
      const file = `${directory}/server.ts`;
      const { success, stderr } = await checkTypes(file, directory);
      assert(success, new TextDecoder().decode(stderr));
      await Deno.remove(directory, { recursive: true });
    },
  );
}

Deno.test(
  `docs: the example for npm:pg goes on when a connection is lost in a transaction${postgresNote}`,
  { ignore: !hasPostgres },
  async () => {
    const directory = await Deno.makeTempDir();
    await using server = await PostgresServer.start();
    await using client = openPostgres(server.url);
    const file = `${directory}/server.ts`;
    const code = `${await readExample("pg")}
      const transaction = await pool.connect();
      await transaction.query("BEGIN");`;
    await Deno.writeTextFile(file, code);
    const env = { DATABASE_URL: server.url };
    await using example = new GuideServer(file, directory, env);
    await within("the server answers", example.ready());
    const ended = endConnection(client, "state = 'idle in transaction'");
    await within("the connection is lost", ended);
    await example.publish("first");
    assert(example.isRunning);
    await Deno.remove(directory, { recursive: true });
  },
);

Deno.test("docs: the example for PGlite publishes in a transaction", async () => {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/example.ts`;
  await Deno.writeTextFile(file, await readExample("pglite"));
  const { code, stdout, stderr } = await runExample(file, directory);
  const decoder = new TextDecoder();
  assertEquals(
    [code, decoder.decode(stdout)],
    [0, "17\n"],
    decoder.decode(stderr),
  );
  await Deno.remove(directory, { recursive: true });
});

Deno.test("docs: the tables of PostgreSQL are those that the guide shows", async () => {
  const guide = await Deno.readTextFile(
    new URL("../../docs/durable_logs.md", import.meta.url),
  );
  assert(guide.includes(`\`\`\`sql\n${POSTGRES_SCHEMA}\`\`\``));
});

Deno.test(
  `docs: the statements that the guide shows for other programs publish an event, also from a trigger${postgresNote}`,
  { ignore: !hasPostgres },
  async () => {
    const guide = await Deno.readTextFile(
      new URL("../../docs/durable_logs.md", import.meta.url),
    );
    const [, shown] = /```sql\n(INSERT INTO tidings_events[^`]*)```/.exec(
      guide,
    )!;
    await using server = await PostgresServer.start();
    await using client = openPostgres(server.url);
    const log = new PostgresEventLog(client, "news");
    await using following = new Following(log);
    await following.until((batches) => batches.length > 0);
    await client.pool.query(shown!);
    await following.untilEvents(1);
    await client.pool.query(
      `CREATE TABLE orders (id int);
      CREATE FUNCTION publish() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        ${shown!.replace(/SELECT (?=pg_notify)/, "PERFORM ")}
        RETURN new;
      END $$;
      CREATE TRIGGER publish AFTER INSERT ON orders
        FOR EACH ROW EXECUTE FUNCTION publish()`,
    );
    const undone = await client.begin();
    await undone.transaction.query("INSERT INTO orders VALUES (1)");
    await undone.rollback();
    await client.pool.query("INSERT INTO orders VALUES (2), (3)");
    await following.untilEvents(3);
    const { events } = await log.read(await log.rewind(Infinity));
    assertEquals(
      events.map(({ event, data }) => [event, data]),
      Array.from({ length: 3 }, () => ["paid", "17"]),
    );
  },
);

Deno.test("docs: the example for Deno KV serves the same events from two processes", async () => {
  const directory = await Deno.makeTempDir();
  await checkExample("deno-kv", directory, {});
  await Deno.remove(directory, { recursive: true });
});

Deno.test("docs: the example for Deno KV opens a file that another process is making", async () => {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/server.ts`;
  await Deno.writeTextFile(file, await readExample("deno-kv"));
  const lock = `--preload=${import.meta.resolve("../support/locked_kv.ts")}`;
  {
    await using server = new GuideServer(file, directory, {}, [lock]);
    await within("the server answers", server.ready());
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("docs: an example that cannot start is a failure at once", async () => {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/server.ts`;
  await Deno.writeTextFile(file, 'throw new Error("no start");');
  {
    await using server = new GuideServer(file, directory, {});
    await assertRejects(() => server.ready(), Error, "no start");
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test(
  `docs: the example for Redis serves the same events from two processes${redisNote}`,
  {
    ignore: !hasRedis,
  },
  async () => {
    const directory = await Deno.makeTempDir();
    await using redis = await RedisServer.start();
    const url = `redis://127.0.0.1:${redis.port}`;
    await checkExample("redis-streams", directory, { REDIS_URL: url });
    await Deno.remove(directory, { recursive: true });
  },
);

async function checkExample(
  name: string,
  directory: string,
  env: Record<string, string>,
): Promise<void> {
  const file = `${directory}/server.ts`;
  await Deno.writeTextFile(file, await readExample(name));
  await using a = new GuideServer(file, directory, env);
  await using b = new GuideServer(file, directory, env);
  await within("servers answer", Promise.all([a.ready(), b.ready()]));
  const first = await a.publish("first");
  await b.publish("second");
  const events = connect(b.url, { lastEventId: first });
  const received: string[] = [];
  await within(
    "events come",
    (async () => {
      for await (const { data } of events) {
        received.push(data);
        if (data === "second") await a.publish("third");
        if (data === "third") break;
      }
    })(),
  );
  assertEquals(received, ["second", "third"]);
}
