// Copyright 2026 the Tidings authors. MIT license.

/** The configurations of nginx in the guides, run: a page opens a socket through them. */

import { assert, assertEquals } from "@std/assert";
import { EventStreamSocket } from "../../socket/mod.ts";
import { serveSocket, type ServeSocketOptions } from "../../socket/server.ts";
import { within } from "../support/within.ts";
import { event } from "./_kinds.ts";

const NGINX = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"]
  .find(exists);
const NOTE = NGINX === undefined ? " (ignored: nginx is not installed)" : "";

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Reads the configuration of a guide, for all paths and one server. */
async function readLocation(guide: string, port: number): Promise<string> {
  const url = new URL(`../../docs/${guide}.md`, import.meta.url);
  const text = await Deno.readTextFile(url);
  const location = /^```nginx\n([^]*?)^```$/m.exec(text)?.[1];
  assert(location !== undefined, `${guide} shows no nginx`);
  return location
    .replace(/location \S+/, "location /")
    .replace("127.0.0.1:8000", `127.0.0.1:${port}`);
}

/** An nginx in the foreground, on a port that was free. */
class Nginx implements AsyncDisposable {
  readonly url: string;
  readonly #folder: string;
  readonly #process: Deno.ChildProcess;

  private constructor(
    port: number,
    folder: string,
    process: Deno.ChildProcess,
  ) {
    this.url = `http://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#process = process;
  }

  static async start(location: string): Promise<Nginx> {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    const folder = await Deno.makeTempDir({ prefix: "tidings_nginx_" });
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path ${folder}/${name};`).join("\n");
    await Deno.writeTextFile(
      `${folder}/nginx.conf`,
      `daemon off; master_process off; pid ${folder}/pid;
error_log stderr;
events {}
http {
${paths}
access_log off;
server {
listen 127.0.0.1:${port};
${location}
}
}`,
    );
    // Cannot fail: tests without nginx are ignored.
    const process = new Deno.Command(NGINX!, {
      args: ["-p", folder, "-c", `${folder}/nginx.conf`],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const nginx = new Nginx(port, folder, process);
    try {
      await within("nginx listens", nginx.#listens(port));
    } catch (error) {
      await nginx[Symbol.asyncDispose]();
      throw error;
    }
    return nginx;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await this.#process.status;
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #listens(port: number): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port })).close();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    throw new Error("nginx does not listen");
  }
}

interface ProxyRow {
  name: string;
  guide: string;
  /** Changes the guide's configuration. */
  change?: (location: string) => string;
  options?: ServeSocketOptions;
  /** Whether the client tells its page's origin, as it does in a browser. */
  isPage?: boolean;
  /** Characters of the message. */
  size?: number;
  /** The end: without one, the message comes back. */
  refusal?: "opening" | "sending";
}

const dropPort = (location: string) => location.replace("$http_host", "$host");
const ROWS: ProxyRow[] = [
  { name: "the guide to sockets", guide: "sockets", size: 2_000_000 },
  { name: "the guide to proxies", guide: "proxies" },
  {
    name: "a Host without its port, for a page",
    guide: "sockets",
    change: dropPort,
    isPage: true,
    refusal: "opening",
  },
  {
    name: "a Host without its port, for a client that does not tell its origin",
    guide: "sockets",
    change: dropPort,
    refusal: "sending",
  },
  {
    name: "a Host without its port, beside X-Forwarded-Host",
    guide: "sockets",
    change: (location) =>
      dropPort(location).replace(
        "gzip off;",
        "proxy_set_header X-Forwarded-Host $http_host;\nproxy_set_header X-Forwarded-Proto $scheme;",
      ),
    options: { trustProxy: true },
    isPage: true,
  },
  {
    name: "a Host without its port, beside X-Forwarded-Port",
    guide: "sockets",
    change: (location) =>
      dropPort(location).replace(
        "gzip off;",
        "proxy_set_header X-Forwarded-Port $server_port;",
      ),
    options: { trustProxy: true },
    isPage: true,
  },
  {
    name: "no Host of its own",
    guide: "sockets",
    change: (location) => location.replace(/proxy_set_header Host.*/, ""),
    isPage: true,
    refusal: "opening",
  },
];

for (
  const { name, guide, change, options, isPage, size = 1, refusal } of ROWS
) {
  const verb = refusal === undefined ? "opens" : "is refused at once";
  Deno.test({
    name: `EventStreamSocket ${verb} behind nginx with ${name}${NOTE}`,
    ignore: NGINX === undefined,
    async fn() {
      const shutdown = new AbortController();
      const { signal } = shutdown;
      await using server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {} },
        (request) =>
          serveSocket(request, (socket) => {
            socket.onmessage = ({ data }) => socket.send(data);
          }, { maxMessageSize: 4_000_000, ...options, signal }),
      );
      const location = await readLocation(guide, server.addr.port);
      await using nginx = await Nginx.start(change?.(location) ?? location);
      const text = "a".repeat(size);
      const { code, reason, data } = await exchange(nginx.url, text, isPage);
      shutdown.abort();
      if (refusal === undefined) assertEquals(data, text);
      else {
        assertEquals([code, data], [1006, undefined]);
        assert(reason.includes(`got "${nginx.url}"`), reason);
      }
    },
  });
}

/** Sends a message to itself, as a page of a browser would over HTTP. */
async function exchange(
  url: string,
  text: string,
  isPage = false,
): Promise<{ code: number; reason: string; data?: string }> {
  const value = isPage ? url : undefined;
  Object.defineProperty(globalThis, "origin", { value, configurable: true });
  try {
    const socket = new EventStreamSocket(url, [], {
      fetch: (target, init) => {
        const headers = new Headers(init.headers);
        if (init.method === "POST") headers.set("origin", url);
        return fetch(target, { ...init, headers });
      },
    });
    let data: string | undefined;
    socket.onopen = () => socket.send(text);
    socket.onmessage = (message) => {
      data = message.data;
      socket.close();
    };
    const { code, reason } = await event(socket, "close");
    return data === undefined ? { code, reason } : { code, reason, data };
  } finally {
    Reflect.deleteProperty(globalThis, "origin");
  }
}
