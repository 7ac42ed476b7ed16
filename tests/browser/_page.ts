// Copyright 2026 the Tidings authors. MIT license.

/** Answers a request. */
export type Handler = (request: Request) => Response;

/** Serves an empty page at `/`, and the handler's answers at `/events`. */
export function withPage(handler: Handler): Handler {
  return (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/events") return handler(request);
    // The browser asks for an icon too.
    if (pathname !== "/") return new Response(null, { status: 404 });
    return new Response("<!doctype html>", {
      headers: { "content-type": "text/html", "set-cookie": "user=ada" },
    });
  };
}
