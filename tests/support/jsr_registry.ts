// Copyright 2026 the Tidings authors. MIT license.

/** The modules of a package, by the path of their export: `"./path"`, or `"."`. */
export type JsrPackage = Record<string, string>;

/** The version of every package of a {@linkcode JsrRegistry}, unless it is another. */
export const JSR_VERSION = "1.2.3";

const ENCODER = new TextEncoder();

/**
 * A registry on the loopback interface that answers as JSR does, for a Deno of its
 * own, with an empty cache, that is told of it by the environment.
 */
export class JsrRegistry implements AsyncDisposable {
  /** The environment of the Deno that asks it. */
  readonly env: Record<string, string>;
  /** The paths that were asked for. */
  readonly requests: string[] = [];
  readonly #packages: Record<string, JsrPackage>;
  readonly #version: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #cache: string;
  #isOpen = true;

  private constructor(
    packages: Record<string, JsrPackage>,
    version: string,
    cache: string,
  ) {
    this.#packages = packages;
    this.#version = version;
    this.#cache = cache;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => this.#answer(new URL(request.url).pathname),
    );
    this.env = {
      JSR_URL: `http://127.0.0.1:${this.#server.addr.port}/`,
      DENO_DIR: cache,
    };
  }

  /** Serves packages, by their names. */
  static async serve(
    packages: Record<string, JsrPackage>,
    version: string = JSR_VERSION,
  ): Promise<JsrRegistry> {
    return new JsrRegistry(packages, version, await Deno.makeTempDir());
  }

  /** Ends the server, and keeps the cache that was filled from it. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#server.shutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await Deno.remove(this.#cache, { recursive: true });
  }

  async #answer(path: string): Promise<Response> {
    this.requests.push(path);
    for (const [name, modules] of Object.entries(this.#packages)) {
      const exports = Object.entries(modules);
      if (path === `/${name}/meta.json`) {
        const [scope, rest] = name.slice(1).split("/");
        const versions = { [this.#version]: {} };
        return Response.json({
          scope,
          name: rest,
          latest: this.#version,
          versions,
        });
      }
      if (path === `/${name}/${this.#version}_meta.json`) {
        return Response.json({
          exports: Object.fromEntries(
            exports.map(([key]) => [key, `.${fileOf(key)}`]),
          ),
          manifest: Object.fromEntries(
            await Promise.all(exports.map(async ([key, code]) => {
              const size = ENCODER.encode(code).length;
              const checksum = `sha256-${await hash(code)}`;
              return [fileOf(key), { size, checksum }] as const;
            })),
          ),
        });
      }
      for (const [key, code] of exports) {
        if (path !== `/${name}/${this.#version}${fileOf(key)}`) continue;
        return new Response(code, {
          headers: { "content-type": "text/typescript" },
        });
      }
    }
    return new Response(null, { status: 404 });
  }
}

/** The file of an export: `/path.ts`. */
function fileOf(key: string): string {
  return key === "." ? "/mod.ts" : `${key.slice(1)}.ts`;
}

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", ENCODER.encode(text));
  return new Uint8Array(digest).toHex();
}
