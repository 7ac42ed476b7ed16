// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes the declarations of the npm package readable for more compilers: without the DOM
 * library, some of whose names the types of Node, Bun and Cloudflare Workers lack; without the
 * library of `AsyncDisposable`; and by TypeScript before 5.7, where `Uint8Array` is not generic.
 *
 * @module
 */

/**
 * Names of the DOM library, in terms of what all of these have. Each is declared in
 * the modules that use it, where it takes the place of the global one.
 */
const DECLARATIONS: Record<string, string> = {
  HeadersInit: 'type HeadersInit = NonNullable<RequestInit["headers"]>;',
  BodyInit: 'type BodyInit = NonNullable<RequestInit["body"]>;',
  BinaryType: 'type BinaryType = "blob" | "arraybuffer";',
  EventListenerObject:
    "interface EventListenerObject { handleEvent(event: Event): void }",
  EventListenerOrEventListenerObject:
    "type EventListenerOrEventListenerObject = ((event: Event) => void) | { handleEvent(event: Event): void };",
  EventListenerOptions: "interface EventListenerOptions { capture?: boolean }",
  AddEventListenerOptions:
    "interface AddEventListenerOptions { capture?: boolean; once?: boolean; passive?: boolean; signal?: AbortSignal }",
  MessageEvent:
    "interface MessageEvent<T = any> extends globalThis.MessageEvent { readonly data: T }",
  CloseEvent:
    "interface CloseEvent extends Event { readonly code: number; readonly reason: string; readonly wasClean: boolean }",
  WebSocketEventMap:
    "interface WebSocketEventMap { open: Event; message: MessageEvent; error: Event; close: CloseEvent }",
};

/** A class is one by its members, and these runtimes have members of their own. */
const IMPLEMENTS_WEB_SOCKET = " implements WebSocket";

/** The names that this library has: the types of Node have it as well. */
const DISPOSABLE_REGEXP = /\b(?:AsyncDisposable|asyncDispose)\b/;
const DISPOSABLE_LIBRARY = '/// <reference lib="esnext.disposable" />';

/** `Uint8Array<ArrayBuffer>`, where the compiler knows it. */
const BYTES = 'ReturnType<InstanceType<typeof TextEncoder>["encode"]>';

const COMMENT_REGEXP = /\/\*[^]*?\*\//g;

/** Rewrites one file of declarations. */
export function toPortableDeclarations(code: string): string {
  const bare = code.replaceAll(COMMENT_REGEXP, "");
  const before = DISPOSABLE_REGEXP.test(bare) ? [DISPOSABLE_LIBRARY] : [];
  const after = Object.entries(DECLARATIONS)
    .filter(([name]) => uses(bare, name))
    .map(([, declaration]) => declaration);
  const portable = code.trimEnd()
    .replace(IMPLEMENTS_WEB_SOCKET, "")
    .replaceAll("Uint8Array<ArrayBuffer>", BYTES);
  return [...before, portable, ...after, ""].join("\n");
}

/** Whether a module uses a global type, rather than one of its own. */
function uses(code: string, name: string): boolean {
  const own = new RegExp(`\\b(?:interface|type|class)\\s+${name}\\b`);
  return new RegExp(`\\b${name}\\b`).test(code) && !own.test(code);
}
