// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells the developer what went wrong where no caller receives the error: to `onError`,
 * or, where there is none, as a warning. All rooms use it; nothing here throws.
 *
 * @module
 */

/** The codes of the warnings; `docs/errors.md` lists what each of them means. */
export type WarningCode =
  | "TIDINGS_PUBLISH"
  | "TIDINGS_LOG"
  | "TIDINGS_ENTRY"
  | "TIDINGS_SOURCE"
  | "TIDINGS_RUN"
  | "TIDINGS_HANDLER"
  | "TIDINGS_CALLBACK"
  | "TIDINGS_CHECK";

/** What this file needs of the `process` of Node, Deno and Bun. */
interface WarningProcess {
  emitWarning?: (
    message: string,
    options: { type: string; code: string; detail: string },
  ) => void;
}

/** The name of all warnings. */
const NAME = "TidingsWarning";
/** UTF-16 code units of a warning's message and of its detail. */
const MAX_MESSAGE = 1000;
const MAX_DETAIL = 8000;
/** How many causes of an error a warning shows. A chain of causes may be a circle. */
const MAX_CAUSES = 5;

/** A user name with a password in a URL, also where the password has to be escaped. */
const CREDENTIALS_REGEXP =
  /:\/\/(?:[^\s"'`/?#]*@|[^\s"'`/?#@:]*:(?!\d{1,5}(?:[\s"'`/?#)]|$))[^\s"'`]*@)/g;
/** The query of a URL, which may hold a token, and the line and column in a stack. */
const QUERY_REGEXP =
  /(:\/\/[^\s"'`?#)]*\?)[^\s"'`#)]+?(:\d+:\d+)?(?=[\s"'`#)]|$)/g;
/** Control characters but for tabs and line breaks: a terminal would obey them. */
const CONTROL_REGEXP =
  // deno-lint-ignore no-control-regex -- control characters are what it looks for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Tells an error: to `onError`, or as a warning where there is none.
 *
 * @param onError The option of that name. What it throws, or rejects with, becomes a
 * warning.
 * @param code The code of the warning.
 * @param what What has failed, such as `An event was not published`.
 * @param error What it has failed with.
 * @param rest What `onError` gets besides the error.
 */
export function tellError<Rest extends unknown[]>(
  onError: ((error: unknown, ...rest: Rest) => unknown) | undefined,
  code: WarningCode,
  what: string,
  error: unknown,
  ...rest: Rest
): void {
  if (onError === undefined) warn(code, what, error);
  else callBack("onError", () => onError(error, ...rest));
}

/**
 * Whether an error says only that its signal was aborted: a source that throws it has
 * stopped as it was told to.
 */
export function isAbortOf(signal: AbortSignal, error: unknown): boolean {
  if (!signal.aborted) return false;
  // Functions of Node throw an error of their own, with the reason as its cause.
  return error === signal.reason || read(error, "name") === "AbortError";
}

/**
 * Calls a function of the application that must not throw. What it throws, or rejects
 * with, becomes a warning.
 *
 * @param name The name of the option.
 * @param call Calls it.
 */
export function callBack(name: string, call: () => unknown): void {
  const warnOf = (error: unknown): void =>
    warn("TIDINGS_CALLBACK", `"${name}" has thrown`, error);
  try {
    const result = call();
    // To the compiler, an async function is one that returns nothing.
    if (Object(result) === result) Promise.resolve(result).catch(warnOf);
  } catch (error) {
    warnOf(error);
  }
}

/** The promises whose rejections the caller tells. */
const TOLD_ELSEWHERE = new WeakSet<Promise<unknown>>();
/** What such promises have just rejected with. */
const TOLD_ERRORS = new Set<unknown>();
/**
 * Microtasks for a rejection to pass through the `async` functions in front of a promise:
 * each of them takes one to three.
 */
const MICROTASKS = 20;

/**
 * Tells what a promise rejects with, unless the caller does. The promise then counts as
 * handled: left alone, it does not end the process.
 *
 * @param promise The promise.
 * @param tell Is called with the error.
 * @returns The promise itself.
 */
export function tellRejection<T>(
  promise: Promise<T>,
  tell: (error: unknown) => void,
): Promise<T> {
  promise.catch((error) => {
    if (!TOLD_ELSEWHERE.has(promise)) tell(error);
  });
  return promise;
}

/**
 * Notes that the caller tells what a promise rejects with: a channel tells its `onError`
 * what its log refuses, and the log must not tell it as well.
 *
 * @param promise The promise, as another room has just given it.
 * @returns The promise itself.
 */
export function tellElsewhere<T>(promise: Promise<T>): Promise<T> {
  // A log of the application's may give something else.
  if (!(promise instanceof Promise)) return promise;
  TOLD_ELSEWHERE.add(promise);
  promise.catch(async (error) => {
    TOLD_ERRORS.add(error);
    await passMicrotasks();
    // The same error may come again later, and be nobody else's to tell.
    TOLD_ERRORS.delete(error);
  });
  return promise;
}

/**
 * Waits whether a caller tells an error: one with a log of its own in front of ours, such
 * as `async append(event) { return await inner.append(event) }`, has another promise with
 * the same error, which rejects some microtasks later.
 *
 * @param error What a promise has just rejected with.
 * @returns Whether the caller tells it.
 */
export async function isToldElsewhere(error: unknown): Promise<boolean> {
  for (let i = 0; i < MICROTASKS / 2; i++) {
    if (TOLD_ERRORS.has(error)) return true;
    await undefined;
  }
  return TOLD_ERRORS.has(error);
}

async function passMicrotasks(): Promise<void> {
  for (let i = 0; i < MICROTASKS; i++) await undefined;
}

/**
 * Warns the developer: by the warnings of the process where there are some, and otherwise
 * on the console.
 *
 * @param code The code of the warning.
 * @param what What has failed.
 * @param error What it failed with. Its stack is shown, but no password and no query of a
 * URL.
 */
export function warn(code: WarningCode, what: string, error: unknown): void {
  try {
    const message = makeSafe(`${what}: ${messageOf(error)}`, MAX_MESSAGE);
    const detail = makeSafe(describeError(error), MAX_DETAIL);
    const { process } = globalThis as { process?: WarningProcess };
    if (typeof process?.emitWarning === "function") {
      // An error in place of the text would be shown without its stack.
      process.emitWarning(message, { type: NAME, code, detail });
    } else {
      console.warn(`[${code}] ${NAME}: ${message}\n${detail}`);
    }
  } catch {
    // What cannot be told anywhere must not end the process.
  }
}

/** The stack of an error, and those of its causes. */
function describeError(error: unknown): string {
  const texts: string[] = [];
  let cause = error;
  for (let depth = 0; depth < MAX_CAUSES && cause !== undefined; depth++) {
    texts.push((depth === 0 ? "" : "Caused by: ") + stackOf(cause));
    cause = read(cause, "cause");
  }
  return texts.join("\n");
}

function stackOf(error: unknown): string {
  const stack = read(error, "stack");
  const message = messageOf(error);
  if (typeof stack !== "string" || stack === "") return message;
  // Some runtimes' stacks lack the message.
  return stack.includes(message) ? stack : `${message}\n${stack}`;
}

/** The text of an error; of a value without one, what it is as a text. Never throws. */
export function messageOf(error: unknown): string {
  const message = read(error, "message");
  if (typeof message === "string") return message;
  try {
    return String(error);
  } catch {
    return `a value of the type ${typeof error}`;
  }
}

/** Reads a member of what may be any value, with getters that throw. */
function read(value: unknown, name: string): unknown {
  try {
    return (value as Record<string, unknown> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

function makeSafe(text: string, length: number): string {
  // Cut first, so that the searches take a bounded time, and cut again, since a password
  // at the first cut may lack the "@" by which it is found.
  const safe = text.slice(0, 2 * length)
    .replace(CREDENTIALS_REGEXP, "://…@")
    .replace(QUERY_REGEXP, "$1…$2")
    .replace(
      CONTROL_REGEXP,
      (character) =>
        `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
    );
  return safe.length > length ? `${safe.slice(0, length)}…` : safe;
}
