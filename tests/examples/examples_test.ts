// Copyright 2026 the Tidings authors. MIT license.

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import type { ServerSentEvent } from "../../event.ts";
import { readEvents } from "../../parser.ts";
import { eventStream, OpenStream, serve } from "../support/event_server.ts";
import { ExampleProcess } from "../support/example_process.ts";
import { hasNode } from "../support/has_node.ts";
import {
  hasPostgres,
  postgresNote,
  PostgresServer,
} from "../support/postgres_server.ts";
import { hasSignals, signalNote } from "../support/send_signal.ts";
import { makeDatabaseFile } from "../support/sqlite.ts";
import { within } from "../support/within.ts";

/** Each example, with the arguments that its own comment gives. */
const EXAMPLES: Record<string, string[]> = {
  // Those that read have their tests in `typed_examples_test.ts`.
  "anthropic_messages.ts": ["run", "-N", "-E=LLM_URL,LLM_KEY"],
  "chat.ts": ["run", "-N"],
  "datastar.ts": ["run", "-N"],
  "hono.ts": ["run", "-N"],
  "htmx.ts": ["run", "-N"],
  "job_progress.ts": ["run", "-N"],
  "kv_workers.ts": [
    "serve",
    "--host=127.0.0.1",
    "--parallel",
    "--unstable-kv",
    "-R",
    "-W",
    "-E",
  ],
  "llm_proxy.ts": ["run", "-N", "-E=LLM_URL,LLM_KEY"],
  "llm_runs.ts": [
    "run",
    "--unstable-kv",
    "-N",
    "-R",
    "-W",
    "-E=LLM_URL,LLM_KEY,KV_PATH",
  ],
  // It has a test in `mcp_example_test.ts`.
  "mcp_server.ts": ["run", "-N", "-E"],
  "metrics.ts": ["run", "-N"],
  "node_server.ts": ["run", "-N", "-E=PORT"],
  "notifications.ts": ["run", "-N"],
  "openai_responses.ts": ["run", "-N", "-E=LLM_URL,LLM_KEY"],
  "orders.ts": ["run", "-A"],
  "price_board.ts": ["run", "-N"],
  "server.ts": ["run", "-N"],
  "shared_list.ts": ["run", "-N"],
  "sqlite_runs.ts": ["run", "-N", "-R", "-W", "-E=DB_PATH"],
  "watch_output.ts": ["run", "-N", "--allow-run"],
};

function start(
  name: string,
  env: Record<string, string> = {},
  extra: string[] = [],
  args: string[] = [],
): Promise<ExampleProcess> {
  const flags = EXAMPLES[name] ?? [];
  return ExampleProcess.start(
    [...flags, ...extra, `examples/${name}`, ...args],
    env,
  );
}

/** Opens a stream, and hands out its events one by one. */
async function open(
  url: string | URL,
  init?: RequestInit,
): Promise<Subscription> {
  return new Subscription(await within("a response", fetch(url, init)));
}

class Subscription implements AsyncDisposable {
  readonly headers: Headers;
  readonly #events: AsyncIterableIterator<ServerSentEvent>;

  constructor(response: Response) {
    this.headers = response.headers;
    this.#events = readEvents(response);
  }

  async next(): Promise<ServerSentEvent> {
    const { value } = await within("an event", this.#events.next());
    assert(value !== undefined, "the stream has ended");
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#events.return?.();
  }
}

async function post(url: string | URL, body: string): Promise<Response> {
  return await within("a response", fetch(url, { method: "POST", body }));
}

Deno.test("examples: each has a test, and says how it is started", async () => {
  const names: string[] = [];
  for await (const { name } of Deno.readDir("examples")) names.push(name);
  assertEquals(names.sort(), Object.keys(EXAMPLES));
  for (const [name, flags] of Object.entries(EXAMPLES)) {
    const text = await Deno.readTextFile(`examples/${name}`);
    const command = `deno ${flags.join(" ")} examples/${name}`;
    // Some take arguments.
    assert(text.includes(`${command}\n`) || text.includes(`${command} `), name);
  }
});

Deno.test("examples: server.ts tells the time, on a page and as events", async () => {
  await using example = await start("server.ts");
  const page = await fetch(example.url);
  assertMatch(await page.text(), /new EventSource\("\/events"\)/);
  await using events = await open(`${example.url}events`);
  for (let count = 0; count < 2; count++) {
    const { event, data } = await events.next();
    assertEquals(event, "time");
    assertMatch(data, /^\d{4}-.*Z$/);
  }
});

/**
 * Reads a whole stream as text, without the comment that opens one whose first event takes
 * a while.
 */
async function readText(response: Response): Promise<string> {
  return (await response.text()).replace(/^:\n\n/, "");
}

Deno.test("examples: llm_proxy.ts passes on the text alone", async () => {
  const bodies: string[] = [];
  await using model = serve(async (request) => {
    bodies.push(await request.text());
    const deltas = [{ role: "assistant" }, { content: "Hel" }, {
      content: "lo\n",
    }];
    const chunks = deltas.map((delta) =>
      `data: ${JSON.stringify({ choices: [{ delta }] })}\n\n`
    );
    return eventStream([...chunks, "data: [DONE]\n\n"].join(""));
  });
  await using example = await start("llm_proxy.ts", {
    LLM_URL: model.url,
    LLM_KEY: "secret",
  });
  const response = await post(example.url, '{"stream":true}');
  assertEquals(
    await readText(response),
    "data: Hel\n\ndata: lo\ndata: \n\nevent: done\ndata: \n\n",
  );
  assertEquals(bodies, ['{"stream":true}']);
  const { headers } = model.requests[0]!;
  assertEquals(headers.get("authorization"), "Bearer secret");
});

Deno.test("examples: llm_proxy.ts cancels the model's work with the client", async () => {
  const work = new OpenStream(
    'data: {"choices":[{"delta":{"content":"a"}}]}\n\n',
  );
  await using model = serve(() => work.response);
  await using example = await start("llm_proxy.ts", { LLM_URL: model.url });
  const events = await open(example.url, { method: "POST", body: "{}" });
  assertEquals((await events.next()).data, "a");
  await events[Symbol.asyncDispose]();
  await within("the model's work ends", work.cancelled);
});

Deno.test("examples: llm_proxy.ts tells of a refusal, not of its reasons", async () => {
  await using model = serve(() => new Response("the key", { status: 401 }));
  await using example = await start("llm_proxy.ts", { LLM_URL: model.url });
  const response = await post(example.url, "{}");
  assertEquals(
    await readText(response),
    "event: failure\ndata: unexpected-status\n\n",
  );
});

Deno.test("examples: llm_proxy.ts tells that the model is out of reach", async () => {
  const env = { LLM_URL: `http://127.0.0.1:${freePort()}/` };
  await using example = await start("llm_proxy.ts", env);
  const response = await post(example.url, "{}");
  assertEquals(await readText(response), "event: failure\ndata: failed\n\n");
});

Deno.test("examples: llm_runs.ts resumes and stops an answer through another server", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const work = new OpenStream("data: a\n\ndata: b\n\n");
    await using model = serve(() => work.response);
    const env = { LLM_URL: model.url, KV_PATH: `${directory}/kv.db` };
    await using first = await start("llm_runs.ts", env);
    await using second = await start("llm_runs.ts", env);
    let lastEventId: string;
    {
      const init = { method: "POST", body: "{}" };
      await using events = await open(`${first.url}42`, init);
      const event = await events.next();
      assertEquals(event.data, "a");
      ({ lastEventId } = event);
    }
    const headers = { "last-event-id": lastEventId };
    await using rest = await open(`${second.url}42`, { headers });
    assertEquals((await rest.next()).data, "b");
    work.send("data: c\n\n");
    assertEquals((await rest.next()).data, "c");
    const init = { method: "DELETE" };
    const stopped = await within("an answer", fetch(`${second.url}42`, init));
    assertEquals(await stopped.text(), "true\n");
    await within("the model's work ends", work.cancelled);
    const { event, data } = await rest.next();
    assertEquals([event, data], ["end", "stopped"]);
    assertEquals(model.requests.length, 1);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test(
  `examples: orders.ts publishes a change if and only if it is committed, to all servers${postgresNote}`,
  {
    ignore: !hasPostgres,
  },
  async () => {
    await using server = await PostgresServer.start();
    const env = { DATABASE_URL: server.url };
    await using first = await start("orders.ts", env);
    await using second = await start("orders.ts", env);
    const page = await readText(await fetch(second.url));
    assert(page.includes("new EventSource"));
    const make = async (text: string): Promise<number> => {
      const { status, body } = await post(`${first.url}orders`, text);
      await body?.cancel();
      return status;
    };
    assertEquals(await make("tea"), 201);
    await using orders = await open(`${second.url}events`);
    const next = async () => JSON.parse((await orders.next()).data).text;
    assertEquals(await next(), "tea");
    assertEquals(await make("to fail"), 409);
    assertEquals(await make("cake"), 201);
    assertEquals(await next(), "cake");
    const { status, body } = await post(`${first.url}orders/1/paid`, "");
    await body?.cancel();
    assertEquals(status, 200);
    assertEquals(JSON.parse((await orders.next()).data).state, "paid");
  },
);

Deno.test("examples: sqlite_runs.ts makes an order with its event, or neither, and resumes the work through another server", async () => {
  await using file = await makeDatabaseFile();
  const env = { DB_PATH: file.path };
  await using first = await start("sqlite_runs.ts", env);
  await using second = await start("sqlite_runs.ts", env);
  await using orders = await open(`${second.url}orders`);
  const statuses: number[] = [];
  for (const id of ["17", "17", "18"]) {
    const { status, body } = await post(`${first.url}orders/${id}`, "");
    await body?.cancel();
    statuses.push(status);
  }
  assertEquals(statuses, [201, 409, 201]);
  assertEquals((await orders.next()).data, "/orders/17");
  assertEquals((await orders.next()).data, "/orders/18");
  let lastEventId: string;
  {
    await using work = await open(`${first.url}orders/17`);
    const event = await work.next();
    assertEquals(event.data, "packed");
    ({ lastEventId } = event);
  }
  const headers = { "last-event-id": lastEventId };
  await using rest = await open(`${second.url}orders/17`, { headers });
  assertEquals((await rest.next()).data, "sent");
  assertEquals((await rest.next()).data, "done");
});

Deno.test("examples: job_progress.ts resumes where a client left", async () => {
  await using example = await start("job_progress.ts");
  const { headers, body } = await post(`${example.url}jobs`, "");
  await body?.cancel();
  const url = new URL(headers.get("location") ?? "", example.url);

  let lastEventId: string;
  {
    await using first = await open(url);
    assertEquals((await first.next()).data, "5");
    ({ lastEventId } = await first.next());
  }
  await using second = await open(url, {
    headers: { "last-event-id": lastEventId },
  });
  const seen: string[] = [];
  let event: ServerSentEvent;
  do {
    event = await second.next();
    seen.push(event.data);
  } while (event.event !== "done");
  assertEquals(seen[0], "15");
  assertEquals(seen.slice(-2), ["100", "42"]);
  assertEquals(seen.length, 19);
});

/** Prints a line, waits for a line of its input file, and prints two more. */
const WATCHED = `
const [file] = Deno.args;
console.log("café");
while (true) {
  try {
    if ((await Deno.readTextFile(file)) === "go\\n") break;
  } catch { /* It is not there yet. */ }
  await new Promise((resolve) => setTimeout(resolve, 10));
}
console.log("");
console.error("it fails\\r");
Deno.stdout.writeSync(new TextEncoder().encode("no line end"));
Deno.exit(3);
`;

Deno.test("examples: watch_output.ts brings each line at once, also to those who come late", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const file = `${directory}/go`;
    const program = `${directory}/program.ts`;
    await Deno.writeTextFile(program, WATCHED);
    await using example = await start("watch_output.ts", {}, [], [
      Deno.execPath(),
      "run",
      "-A",
      "--no-config",
      program,
      file,
    ]);
    const page = await fetch(example.url);
    assertMatch(await page.text(), /new EventSource\("\/lines"\)/);
    await using events = await open(`${example.url}lines`);
    const first = await events.next();
    assertEquals([first.event, first.data], ["stdout", "café"]);
    await Deno.writeTextFile(file, "go\n");
    const rest: string[][] = [];
    while (rest.at(-1)?.[0] !== "exit") {
      const { event, data } = await events.next();
      rest.push([event, data]);
    }
    assertEquals(rest.filter(([event]) => event === "stdout"), [
      ["stdout", ""],
      ["stdout", "no line end"],
    ]);
    assertEquals(rest.filter(([event]) => event === "stderr"), [
      ["stderr", "it fails"],
    ]);
    assertEquals(rest.at(-1), ["exit", "3"]);

    await using late = await open(`${example.url}lines`);
    assertEquals((await late.next()).lastEventId, first.lastEventId);
    await using resumed = await open(`${example.url}lines`, {
      headers: { "last-event-id": first.lastEventId },
    });
    const { event, data } = await resumed.next();
    assertEquals([event, data], rest[0]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("examples: chat.ts brings each client its rooms", async () => {
  await using example = await start("chat.ts");
  await using tea = await open(`${example.url}?room=tea`);
  await using both = await open(`${example.url}?room=tea&room=rain`);
  for (const [room, text] of [["rain", "3 mm"], ["tea", "A cup"]] as const) {
    const response = await post(`${example.url}${room}`, text);
    assertEquals(response.status, 201);
    await response.body?.cancel();
  }
  assertEquals((await tea.next()).data, "A cup");
  assertEquals((await both.next()).data, "3 mm");
  assertEquals((await both.next()).event, "tea");
  await using late = await open(`${example.url}?room=rain`);
  assertEquals((await late.next()).data, "3 mm");
  const refused = await post(`${example.url}not+a+room`, "a");
  await refused.body?.cancel();
  assertEquals(refused.status, 400);
});

for (
  const [name, type, prefix] of [
    ["datastar", "datastar-merge-fragments", 'fragments <main id="seats">'],
    ["htmx", "message", ""],
  ] as const
) {
  // In a browser, `morphing_browser.ts` tests them.
  Deno.test(`examples: ${name}.ts gives each page all seats, and again after each change`, async () => {
    await using example = await start(`${name}.ts`);
    await using page = await open(`${example.url}events`);
    const next = async () => {
      const event = await page.next();
      assertEquals(event.event, type);
      assert(event.data.startsWith(`${prefix}<button id="seat-0"`));
      assertEquals(event.data.split("<button").length, 401);
      return event.data;
    };
    const change = async (path: string): Promise<boolean> => {
      const response = await post(example.url + path, "");
      await response.body?.cancel();
      return response.ok;
    };

    assertStringIncludes(await next(), ">12 free<");
    assertEquals(await change("seats/12"), true);
    assertStringIncludes(await next(), ">12 taken<");
    for (const seat of ["400", "-1", "0.5", "", "length"]) {
      assertEquals(await change(`seats/${seat}`), false, seat);
    }
    assertEquals(await change("seats/12"), true);
    assertStringIncludes(await next(), ">12 free<");
    const html = await (await fetch(example.url)).text();
    assertStringIncludes(html, "https://cdn.jsdelivr.net/npm/");
  });
}

Deno.test("examples: shared_list.ts gives each page the list, and then every change", async () => {
  await using example = await start("shared_list.ts");
  const html = await (await fetch(example.url)).text();
  const [, state = ""] = html.match(/= (\{"cursor".*\});/) ?? [];
  const { cursor, list } = JSON.parse(state);
  assertEquals(list, [["Tea", false], ["Milk", true]]);
  const change = async (body: string): Promise<number> => {
    const response = await post(example.url, body);
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await change("item=Tea&done=true"), 204);
  const after = encodeURIComponent(cursor);
  await using page = await open(`${example.url}events?after=${after}`);
  const { event, data } = await page.next();
  assertEquals([event, data], ["item", '["Tea",true]']);
  // A page with a cursor that is gone gets the whole list.
  await using old = await open(`${example.url}events?after=gone`);
  assertEquals((await old.next()).data, '[["Tea",true],["Milk",true]]');
  assertEquals(await change("item=</script>"), 204);
  for (const tab of [page, old]) {
    assertEquals((await tab.next()).data, '["</script>",false]');
  }
  const next = await (await fetch(example.url)).text();
  assertEquals(next.split("</script>").length, 2);
  for (const body of ["", "5", "item=", `item=${"a".repeat(101)}`]) {
    assertEquals(await change(body), 400);
  }
});

Deno.test("examples: price_board.ts gives a page that was away the newest price of each symbol", async () => {
  await using example = await start("price_board.ts");
  const html = await (await fetch(example.url)).text();
  assert(html.includes("/events?after="));
  const numberOf = (id: string): number => Number(id.split("-")[1]);
  await using page = await open(`${example.url}events?after=`);
  const first = await page.next();
  assertEquals(first.event, "prices");
  const symbols = JSON.parse(first.data).map(([symbol]: [string]) => symbol);
  const newest = new Map<string, number>();
  // Each symbol has changed five times since.
  let last = 0;
  for (let count = 0; count < 5 * symbols.length; count++) {
    const { event, data, lastEventId } = await page.next();
    assertEquals(event, "price");
    const [symbol, cents] = JSON.parse(data);
    newest.set(symbol, cents);
    last = numberOf(lastEventId);
  }
  assertEquals([...newest.keys()].sort(), symbols.sort());
  const after = encodeURIComponent(first.lastEventId);
  await using back = await open(`${example.url}events?after=${after}`);
  const events: ServerSentEvent[] = [];
  let event: ServerSentEvent;
  do {
    event = await back.next();
    events.push(event);
  } while (numberOf(event.lastEventId) <= last);
  const missed = events.filter((event) => numberOf(event.lastEventId) <= last)
    .map(({ data }) => JSON.parse(data)[0]);
  assertEquals(missed, [...new Set(missed)]);
});

Deno.test("examples: notifications.ts brings each user its own, whatever it asks for", async () => {
  await using example = await start("notifications.ts");
  const as = (session: string): RequestInit => ({
    headers: { cookie: `theme=dark; session=${session}` },
  });
  const notify = async (topic: string, body: string): Promise<number> => {
    const init = { ...as("51e0"), method: "POST", body };
    const response = await fetch(`${example.url}${topic}`, init);
    await response.body?.cancel();
    return response.status;
  };
  await using ada = await open(example.url, as("7c9a"));
  await using eve = await open(`${example.url}?topics=user:ada`, as("e3b8"));
  assertEquals(await notify("user:ada", "a parcel"), 201);
  assertEquals(await notify("team:south", "rain"), 201);
  assertEquals(await notify("team:north", "lunch"), 201);
  const parcel = await ada.next();
  assertEquals(parcel.data, "a parcel");
  assertEquals((await ada.next()).data, "lunch");
  // With the ID of another's event as well.
  const lastEventId = parcel.lastEventId;
  await using resumed = await open(example.url, {
    headers: { cookie: "session=e3b8", "last-event-id": lastEventId },
  });
  assertEquals(await notify("user:eve", "no team"), 403);
  assertEquals(await notify("other", "no team"), 403);
  for (const other of [eve, resumed]) {
    const outcome = await Promise.race([
      other.next().catch(() => "an error"),
      new Promise((resolve) => setTimeout(resolve, 100, "nothing")),
    ]);
    assertEquals(outcome, "nothing");
  }
  const stranger = await fetch(example.url);
  await stranger.body?.cancel();
  assertEquals(stranger.status, 401);
});

Deno.test("examples: hono.ts broadcasts from a Hono application", async () => {
  await using example = await start("hono.ts");
  await using events = await open(`${example.url}events`);
  const response = await post(`${example.url}events`, "hello");
  const { id } = await response.json();
  const { data, lastEventId } = await events.next();
  assertEquals([data, lastEventId], ["hello", id]);
});

Deno.test("examples: metrics.ts gives the counters to Prometheus, and by Deno's own OpenTelemetry", async () => {
  const { promise: exported, resolve } = Promise.withResolvers<string>();
  await using collector = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      // Protocol Buffers keep names as they are.
      const body = new TextDecoder("latin1").decode(await request.bytes());
      if (body.includes("tidings.refused")) resolve(body);
      return new Response();
    },
  );
  await using example = await start("metrics.ts", {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
    OTEL_METRIC_EXPORT_INTERVAL: "100",
  });
  await using events = await open(example.url);
  await events.next();
  const refused = await fetch(example.url, { method: "PUT" });
  await refused.body?.cancel();
  const response = await fetch(`${example.url}metrics`);
  assertMatch(response.headers.get("content-type")!, /^text\/plain/);
  const text = await response.text();
  for (
    const line of [
      "tidings_opened_total 1",
      'tidings_refused_total{status="405"} 1',
      "tidings_saved_bytes_total 0",
      "tidings_live 1",
    ]
  ) {
    assert(text.split("\n").includes(line), text);
  }
  const body = await within("the metrics", exported);
  for (const name of ["tidings.opened", "tidings.live"]) {
    assert(body.includes(name), name);
  }
});

Deno.test(
  `examples: node_server.ts broadcasts, and ends its streams on SIGINT${signalNote}`,
  {
    ignore: !hasSignals,
  },
  async () => {
    await using example = await start("node_server.ts", { PORT: "0" });
    await checkNodeServer(example);
  },
);

Deno.test({
  name: `examples: node_server.ts does the same in Node${
    hasNode ? signalNote : " (ignored: there is no Node)"
  }`,
  ignore: !hasNode || !hasSignals,
  async fn() {
    const file = await Deno.makeTempFile({ suffix: ".mjs" });
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", "-o", file, "examples/node_server.ts"],
    }).output();
    assert(success, "it cannot be bundled");
    {
      await using example = await ExampleProcess.start([file], {
        PORT: "0",
      }, "node");
      await checkNodeServer(example);
    }
    await Deno.remove(file);
  },
});

async function checkNodeServer(example: ExampleProcess): Promise<void> {
  await using events = await open(example.url);
  const response = await post(example.url, "hello");
  const { id } = await response.json();
  const { data, lastEventId } = await events.next();
  assertEquals([data, lastEventId], ["hello", id]);
  assertEquals(await example.interrupt(), 0);
}

Deno.test("examples: kv_workers.ts reaches the clients of all workers", async () => {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  {
    const env = {
      KV_PATH: `${folder}/kv.db`,
      DENO_JOBS: "2",
      DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
    };
    const address = ["--port", `${port}`];
    await using example = await start("kv_workers.ts", env, address);
    await using clients = new AsyncDisposableStack();
    const subscriptions = new Map<string | null, Subscription>();
    // The kernel spreads connections; an idle one may be used again, so each of
    // these is held.
    for (let tries = 0; subscriptions.size < 2 && tries < 100; tries++) {
      const client = clients.use(await open(example.url));
      subscriptions.set(client.headers.get("x-worker"), client);
    }
    assertEquals(subscriptions.size, 2);
    const response = await post(example.url, "hello");
    const { id } = await response.json();
    for (const client of subscriptions.values()) {
      const { data, lastEventId } = await client.next();
      assertEquals([data, lastEventId], ["hello", id]);
    }
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("examples: kv_workers.ts opens a file that another process is making", async () => {
  const folder = await Deno.makeTempDir();
  {
    // `deno serve` loads nothing before a program.
    await using example = await ExampleProcess.start([
      "eval",
      "--unstable-kv",
      `--preload=${import.meta.resolve("../support/locked_kv.ts")}`,
      'import server from "./examples/kv_workers.ts"; Deno.serve(server.fetch);',
    ], { KV_PATH: `${folder}/kv.db` });
    const response = await post(example.url, "hello");
    await response.body?.cancel();
    assertEquals(response.status, 201);
  }
  await Deno.remove(folder, { recursive: true });
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
