// Copyright 2026 the Tidings authors. MIT license.

/** The server and the client of `docs/sockets.md` run as they stand there. */

import { assert, assertEquals } from "@std/assert";
import { findLine, type Lines, linesOf } from "../support/process_lines.ts";
import { within } from "../support/within.ts";

const IMPORTS = {
  "@tidings/sse/socket": import.meta.resolve("../../socket/mod.ts"),
  "@tidings/sse/socket-server": import.meta.resolve("../../socket/server.ts"),
};

/** Finds the example that begins with its file name. */
async function readExample(name: string): Promise<string> {
  const guide = await Deno.readTextFile(
    new URL("../../docs/sockets.md", import.meta.url),
  );
  const [, code] = guide.split(`// ${name}\n`);
  assert(code !== undefined, `The guide has no ${name}`);
  return code.slice(0, code.indexOf("```"));
}

/** Runs code as a program of its own. */
async function start(
  folder: string,
  name: string,
  code: string,
): Promise<Deno.ChildProcess> {
  await Deno.writeTextFile(`${folder}/${name}`, code);
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--no-config",
      `--import-map=${folder}/import_map.json`,
      "--allow-net",
      `${folder}/${name}`,
    ],
    env: { DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0", NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("docs: server and client of a socket run, and the client ends by itself", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tidings_socket_" });
  await Deno.writeTextFile(
    `${folder}/import_map.json`,
    JSON.stringify({ imports: IMPORTS }),
  );
  const server = await start(
    folder,
    "server.ts",
    await readExample("server.ts"),
  );
  const lines = linesOf(server.stderr).getReader();
  try {
    const url = await readUrl(lines);
    const code = await readExample("client.ts");
    const client = await start(
      folder,
      "client.ts",
      code.replace("http://localhost:8000/", url),
    );
    const { success, stdout, stderr } = await within(
      "the end of the client",
      client.output(),
    );
    assertEquals(new TextDecoder().decode(stderr), "");
    assertEquals(new TextDecoder().decode(stdout), "You said hello\n");
    assert(success);
  } finally {
    server.kill();
    await server.status;
    await Promise.all([lines.cancel(), server.stdout.cancel()]);
    await Deno.remove(folder, { recursive: true });
  }
});

for (const name of ["EventStreamSocketOptions", "ServeSocketOptions"]) {
  Deno.test(`docs: the page on sockets lists each of the ${name}`, async () => {
    const read = (path: string) =>
      Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
    const api = await read("tests/package/public_api.txt");
    const members = new RegExp(`interface ${name}: (.*)`).exec(api)?.[1] ?? "";
    const names = [...members.matchAll(/(\w+)\?/g)].map((match) => match[1]!);
    // Those of another interface.
    const shared = /Pick<\w+, ([^>]+)>/.exec(members)?.[1]?.split(" | ") ?? [];
    const guide = await read("docs/sockets.md");
    const [, client = "", server = ""] = guide
      .slice(guide.indexOf("## Options"), guide.indexOf("## Authentication"))
      .split("\nOf `");
    const table = name === "ServeSocketOptions" ? server : client;
    const listed = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    assertEquals(listed.sort(), [...new Set([...names, ...shared])].sort());
  });
}

/** Waits until a server says where it listens. */
async function readUrl(lines: Lines): Promise<string> {
  return (await findLine(lines, /http:\/\/[^ ]+/))[0];
}
