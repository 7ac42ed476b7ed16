// Copyright 2026 the Tidings authors. MIT license.

/** Requests whose body other code has read before `toNodeHandler()` gets them. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { EventChannel } from "../../channel.ts";
import { serveEvents } from "../../server.ts";
import { serveSocket } from "../../socket/server.ts";
import {
  type ClientRequestInit,
  type NodeServer,
  type NodeServerOptions,
  PROTOCOLS,
  readText,
  type RequestListener,
} from "../support/node_server.ts";
import { within } from "../support/within.ts";

type Mount = NonNullable<NodeServerOptions["mount"]>;

/** What a body parser sets on a request. */
type Left = Record<string, unknown>;

const JSON_TYPE = "application/json; charset=utf-8";
const FORM_TYPE = "application/x-www-form-urlencoded";
const MULTIPART_TYPE = "multipart/form-data; boundary=x";
const ADVICE =
  "; mount the handler before express.json() and whatever else reads bodies";

/** Reads a body to its end, leaves something of it, and only then calls the listener. */
function parser(leave: (body: Buffer) => Left): Mount {
  return (listener) => (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk) => chunks.push(chunk));
    incoming.on("end", () => {
      const left = Object.getOwnPropertyDescriptors(
        leave(Buffer.concat(chunks)),
      );
      Object.defineProperties(incoming, left);
      listener(incoming, outgoing);
    });
  };
}

/** Calls the listener in a later turn of the event loop. */
const later: Mount = (listener) => (incoming, outgoing) =>
  void setTimeout(() => listener(incoming, outgoing), 5);

/** Looks at the first chunk, and puts it back. */
function peek(incoming: IncomingMessage, then: () => void): void {
  incoming.once("data", (chunk) => {
    incoming.pause();
    incoming.unshift(chunk);
    setTimeout(then, 5);
  });
}

interface Row {
  name: string;
  type?: string;
  /** The body, as it is sent. */
  sent: string;
  headers?: Record<string, string>;
  /** What the parser leaves. */
  leave: (body: Buffer) => Left;
  /** The text that the handler reads. */
  text?: string;
  /** What the error says that was left. */
  got?: string;
}

const parseJson = (body: Buffer): Left => ({ body: JSON.parse(String(body)) });

const ROWS: Row[] = [
  { name: "nothing", sent: "a", leave: () => ({}), got: "undefined" },
  {
    name: "null",
    type: "text/plain",
    sent: "a",
    leave: () => ({ body: null }),
    got: "null",
  },
  { name: "bytes", sent: "hé", leave: (body) => ({ body }), text: "hé" },
  {
    name: "bytes of JSON",
    type: JSON_TYPE,
    sent: '{ "a":1 }',
    leave: (body) => ({ body }),
    text: '{ "a":1 }',
  },
  {
    name: "bytes of a form",
    type: FORM_TYPE,
    sent: "a=1&a=2",
    leave: (body) => ({ body }),
    text: "a=1&a=2",
  },
  {
    name: "bytes that are a part of others",
    sent: "hello",
    leave: () => ({ body: new TextEncoder().encode("_hello_").subarray(1, 6) }),
    text: "hello",
  },
  {
    name: "text",
    type: "text/plain",
    sent: "hé",
    leave: (body) => ({ body: String(body) }),
    text: "hé",
  },
  {
    name: "the text of JSON",
    type: JSON_TYPE,
    sent: '{ "a":"é" }',
    leave: (body) => ({ body: String(body) }),
    text: '{ "a":"é" }',
  },
  {
    name: "the text of a string in JSON",
    type: JSON_TYPE,
    sent: '"hé"',
    leave: (body) => ({ body: String(body) }),
    text: '"hé"',
  },
  {
    name: "the text of malformed JSON",
    type: JSON_TYPE,
    sent: '{"a"',
    leave: (body) => ({ body: String(body) }),
    text: '{"a"',
  },
  {
    name: "the text of a form",
    type: FORM_TYPE,
    sent: "a=1&b=2",
    leave: (body) => ({ body: String(body) }),
    text: "a=1&b=2",
  },
  {
    name: "parsed JSON",
    type: JSON_TYPE,
    sent: '{ "a": [1, "é", null] }',
    leave: parseJson,
    text: '{"a":[1,"é",null]}',
  },
  {
    name: "parsed JSON of another type",
    type: "Application/Problem+JSON",
    sent: '[ "a" ]',
    leave: parseJson,
    text: '["a"]',
  },
  ...["null", "true", "12.5", '"hé"', '""'].map((sent) => ({
    name: `parsed JSON that is ${sent}`,
    type: JSON_TYPE,
    sent,
    leave: parseJson,
    text: sent,
  })),
  {
    name: "parsed JSON that JSON cannot hold",
    type: JSON_TYPE,
    sent: "1",
    leave: () => ({ body: 1n }),
    got: 'undefined for "application/json"',
  },
  {
    name: "a parsed form",
    type: FORM_TYPE,
    sent: "a=1+2&b=%C3%A9&c",
    leave: () => ({ body: { a: "1 2", b: "é", c: "" } }),
    text: "a=1+2&b=%C3%A9&c=",
  },
  {
    name: "a form without a prototype",
    type: `${FORM_TYPE};charset=utf-8`,
    sent: "a=1",
    leave: () => ({ body: Object.assign(Object.create(null), { a: "1" }) }),
    text: "a=1",
  },
  {
    name: "a form with a repeated field",
    type: FORM_TYPE,
    sent: "a=1&a=2",
    leave: () => ({ body: { a: ["1", "2"] } }),
    text: "a=1&a=2",
  },
  {
    name: "a form with the name of an array",
    type: FORM_TYPE,
    sent: "a[]=1&a[]=2",
    leave: () => ({ body: { a: ["1", "2"] } }),
    got: `an object for "${FORM_TYPE}"`,
  },
  {
    name: "a nested form",
    type: FORM_TYPE,
    sent: "a[b]=1",
    leave: () => ({ body: { a: { b: "1" } } }),
    got: `an object for "${FORM_TYPE}"`,
  },
  {
    name: "the fields of a multipart form",
    type: MULTIPART_TYPE,
    sent: "--x--",
    leave: () => ({ body: { a: "1" } }),
    got: 'an object for "multipart/form-data"',
  },
  {
    name: "an object of another type",
    type: "text/plain",
    sent: '{"a":"1"}',
    leave: parseJson,
    got: 'an object for "text/plain"',
  },
  {
    name: "an object of no type",
    sent: "a",
    leave: () => ({ body: ["a"] }),
    got: "an array for no content-type",
  },
  {
    name: "raw bytes beside an object",
    type: JSON_TYPE,
    sent: '{ "a":1 }',
    leave: (body) => ({ rawBody: body, body: JSON.parse(String(body)) }),
    text: '{ "a":1 }',
  },
  {
    name: "raw text beside an object",
    type: MULTIPART_TYPE,
    sent: "--x--",
    leave: (body) => ({ rawBody: String(body), body: {} }),
    text: "--x--",
  },
  {
    name: "raw bytes that came too late, beside an object",
    type: JSON_TYPE,
    sent: '{ "a":1 }',
    leave: (body) => ({ rawBody: "", body: JSON.parse(String(body)) }),
    text: '{"a":1}',
  },
  {
    name: "raw bytes that are none",
    sent: "a",
    leave: () => ({ rawBody: true }),
    got: "undefined",
  },
  {
    name: "a getter that throws",
    type: JSON_TYPE,
    sent: "{",
    leave: () => ({
      get body() {
        throw new SyntaxError("Invalid JSON");
      },
    }),
    got: "undefined",
  },
  {
    name: "an object for an empty body",
    type: JSON_TYPE,
    sent: "",
    headers: { "content-length": "0" },
    leave: () => ({ body: {} }),
    text: "",
  },
  {
    name: "nothing for no body",
    sent: "",
    leave: () => ({}),
    text: "",
  },
];

function post({ type, sent, headers = {} }: Row): ClientRequestInit {
  const length = String(new TextEncoder().encode(sent).length);
  return {
    method: "POST",
    headers: {
      ...(type === undefined ? {} : { "content-type": type }),
      ...(sent === "" ? {} : { "content-length": length }),
      ...headers,
    },
  };
}

/** Sends a request, and gives the status and the text of the response. */
async function exchangeText(
  { begin }: NodeServer,
  init: ClientRequestInit,
  sent: string,
): Promise<{ status: number; text: string }> {
  const exchange = begin(init);
  exchange.upload.end(sent);
  const { status } = await within("the head", exchange.head);
  return { status, text: await within("a body", readText(exchange.body())) };
}

for (const [protocol, withNodeServer] of Object.entries(PROTOCOLS)) {
  for (const row of ROWS) {
    const { name, sent, leave, text, got } = row;
    const does = text === undefined ? "refuses" : "reads";
    Deno.test(`toNodeHandler() ${does} a body of which a parser has left ${name}, ${protocol}`, async () => {
      const errors: unknown[] = [];
      const handler = async (request: Request) =>
        new Response(await request.text());
      await withNodeServer(handler, async (server) => {
        const answer = await exchangeText(server, post(row), sent);
        assertEquals(answer, {
          status: text === undefined ? 500 : 200,
          text: text ?? "",
        });
      }, {
        mount: parser(leave),
        onError: (error) => void errors.push(error),
      });
      if (text !== undefined) return assertEquals(errors, []);
      assertEquals(errors.length, 1);
      assert(errors[0] instanceof TypeError);
      const { message } = errors[0];
      assertStringIncludes(
        message,
        `Cannot read request body: other code has read it, expected its bytes or text in "rawBody" or "body", got ${got}`,
      );
      assert(message.endsWith(ADVICE), message);
    });
  }

  Deno.test(`toNodeHandler() reads a body although the listener is called late, ${protocol}`, async () => {
    const handler = async (request: Request) =>
      new Response(await request.text());
    await withNodeServer(handler, async (server) => {
      for (const sent of ["hello", ""]) {
        assertEquals(await exchangeText(server, { method: "POST" }, sent), {
          status: 200,
          text: sent,
        });
      }
    }, { mount: later });
  });

  const READERS: Record<string, (request: Request) => Promise<unknown>> = {
    "text()": (request) => request.text(),
    "json()": (request) => request.json(),
    "arrayBuffer()": (request) => request.arrayBuffer(),
    "formData()": (request) => request.formData(),
    // It has a body: the method is POST.
    "a reader": (request) => request.body!.getReader().read(),
    "a clone": (request) => request.clone().text(),
    "another request": (request) => new Request(request).text(),
  };
  for (const [what, read] of Object.entries(READERS)) {
    Deno.test(`toNodeHandler() tells once of a body that cannot be read by ${what}, ${protocol}`, async () => {
      const errors: unknown[] = [];
      const handler = async (request: Request) => {
        await read(request).then(() => {}, () => {});
        return new Response("after all");
      };
      await withNodeServer(handler, async (server) => {
        const init = {
          method: "POST",
          headers: { "content-type": MULTIPART_TYPE },
        };
        const answer = await exchangeText(server, init, "--x--");
        assertEquals(answer, { status: 200, text: "after all" });
      }, {
        mount: parser(() => ({})),
        onError: (error) => void errors.push(error),
      });
      assertEquals(errors.length, 1);
    });
  }

  const HANDLERS: Record<string, (request: Request) => Response> = {
    "a response": () => new Response("data: a\n\n"),
    "an event stream": (request) =>
      serveEvents(request, [{ data: "a" }], { methods: ["POST"] }),
    "a body of its own": (request) => {
      assert(request.body !== null);
      assertEquals(request.bodyUsed, false);
      return new Response("data: a\n\n");
    },
  };
  for (const [what, handler] of Object.entries(HANDLERS)) {
    Deno.test(`toNodeHandler() does no harm to a handler that gives ${what} and reads no body, ${protocol}`, async () => {
      const errors: unknown[] = [];
      await withNodeServer(handler, async (server) => {
        const answer = await exchangeText(server, { method: "POST" }, "a");
        assertEquals(answer, { status: 200, text: "data: a\n\n" });
      }, {
        mount: parser(() => ({})),
        onError: (error) => void errors.push(error),
      });
      assertEquals(errors, []);
    });
  }

  Deno.test(`toNodeHandler() gives headers that fit the body that a parser has left, ${protocol}`, async () => {
    const names = ["content-type", "content-length", "content-encoding"];
    const handler = ({ headers }: Request) =>
      Response.json(names.map((name) => headers.get(name)));
    let left: Left = {};
    await withNodeServer(handler, async (server) => {
      const read = async (type: string, sent: string, encoding: string) => {
        const headers = {
          "content-type": type,
          "content-length": String(sent.length),
          "content-encoding": encoding,
        };
        const init = { method: "POST", headers };
        return JSON.parse((await exchangeText(server, init, sent)).text);
      };
      left = { body: { a: 1 } };
      assertEquals(
        await read('application/json; charset="latin1"', "[compressed]", "br"),
        ["application/json; charset=utf-8", "7", null],
      );
      left = { rawBody: Buffer.from("decompressed") };
      assertEquals(await read("text/plain;charset=latin1", "[c]", "gzip"), [
        "text/plain;charset=latin1",
        "12",
        null,
      ]);
      left = { rawBody: Buffer.from("[as sent]") };
      assertEquals(await read("text/plain", "[as sent]", "gzip"), [
        "text/plain",
        "9",
        "gzip",
      ]);
    }, { mount: parser(() => left) });
  });

  /** Middlewares that have read a part when the listener is called. */
  const PARTS: Record<string, Mount> = {
    "and paused": (listener) => (incoming, outgoing) => {
      incoming.once("data", () => {
        incoming.pause();
        setTimeout(() => listener(incoming, outgoing), 5);
      });
    },
    "and goes on reading": (listener) => (incoming, outgoing) => {
      incoming.once("data", () => {
        setTimeout(() => listener(incoming, outgoing), 5);
      });
      incoming.on("data", () => {});
    },
    "and put back a part of it": (listener) => (incoming, outgoing) => {
      incoming.once("data", (chunk) => {
        incoming.pause();
        incoming.unshift(chunk.subarray(1));
        setTimeout(() => listener(incoming, outgoing), 5);
      });
    },
  };
  for (const [how, mount] of Object.entries(PARTS)) {
    for (const hasLength of [true, false]) {
      Deno.test(
        `toNodeHandler() refuses a body ${
          hasLength ? "with" : "without"
        } a length of which other code has read a part ${how}, ${protocol}`,
        async () => {
          const errors: unknown[] = [];
          const handler = async (request: Request) =>
            new Response(await request.text());
          await withNodeServer(handler, async ({ begin }) => {
            const exchange = begin({
              method: "POST",
              headers: hasLength ? { "content-length": "4" } : {},
            });
            exchange.upload.write("ab");
            const timer = setTimeout(() => exchange.upload.end("cd"), 50);
            const { status } = await within("the head", exchange.head);
            clearTimeout(timer);
            assertEquals(status, 500);
          }, { mount, onError: (error) => void errors.push(error) });
          assertEquals(errors.length, 1);
          assert(errors[0] instanceof TypeError);
          // Some platforms take what is left as read when a listener comes too late.
          assertStringIncludes(
            errors[0].message,
            "Cannot read request body: other code has read",
          );
          assert(errors[0].message.endsWith(ADVICE), errors[0].message);
        },
      );
    }
  }

  /** Middlewares that take nothing away. */
  const HARMLESS: Record<string, Mount> = {
    "listens as well": (listener) => (incoming, outgoing) => {
      incoming.on("data", () => {});
      listener(incoming, outgoing);
    },
    "has put back what it has read": (listener) => (incoming, outgoing) =>
      peek(incoming, () => listener(incoming, outgoing)),
    "has called resume()": (listener) => (incoming, outgoing) => {
      incoming.resume();
      listener(incoming, outgoing);
    },
    "has called setEncoding()": (listener) => (incoming, outgoing) => {
      incoming.setEncoding("utf8");
      listener(incoming, outgoing);
    },
    "leaves an object without reading": (listener) => (incoming, outgoing) => {
      Object.assign(incoming, { body: {} });
      listener(incoming, outgoing);
    },
  };
  for (const [how, mount] of Object.entries(HARMLESS)) {
    Deno.test(`toNodeHandler() reads a body where a middleware ${how}, ${protocol}`, async () => {
      const handler = async (request: Request) =>
        new Response(await request.text());
      await withNodeServer(handler, async (server) => {
        const init = { method: "POST", headers: { "content-length": "6" } };
        const answer = await exchangeText(server, init, "hé, a");
        assertEquals(answer, { status: 200, text: "hé, a" });
      }, { mount });
    });
  }

  Deno.test(`serveSocket() fails a POST at once that was read before, and the server is told, ${protocol}`, async () => {
    const errors: unknown[] = [];
    const shutdown = new AbortController();
    const handler = (request: Request) =>
      serveSocket(request, () => {}, { signal: shutdown.signal });
    await withNodeServer(handler, async (server) => {
      const opening = server.begin({ headers: { "socket-session": "new" } });
      opening.upload.end();
      const { headers } = await within("the head", opening.head);
      const answer = await exchangeText(server, {
        method: "POST",
        headers: { "socket-session": String(headers["socket-session"]) },
      }, "data: a\n\n");
      assertEquals(answer, {
        status: 400,
        text:
          "Cannot receive messages: other code has read the POST's body; mount serveSocket() before body parsers",
      });
      // A socket lives on without its connection.
      shutdown.abort();
      opening.leave();
    }, {
      mount: parser(() => ({})),
      onError: (error) => void errors.push(error),
    });
    assertEquals(errors.length, 1);
  });

  Deno.test(`toNodeHandler() notices a client that has left before, ${protocol}`, async () => {
    const channel = new EventChannel();
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<Request>();
    const handler = (request: Request) => {
      const response = channel.serve(request);
      answered.resolve(request);
      return response;
    };
    /** Calls the listener only after the client has left. */
    const mount = (listener: RequestListener): RequestListener =>
    (
      incoming,
      outgoing,
    ) => {
      outgoing.on("close", () => {
        setTimeout(() => listener(incoming, outgoing), 5);
      });
      resolve();
    };
    await withNodeServer(handler, async ({ begin }) => {
      const exchange = begin();
      exchange.upload.end();
      await within("the request", gone);
      exchange.leave();
      const { signal } = await within("the answer", answered.promise);
      assertEquals(signal.aborted, true);
      assertEquals(channel.size, 0);
    }, { mount });
    await channel.close();
  });
}
