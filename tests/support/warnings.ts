// Copyright 2026 the Tidings authors. MIT license.

/** A warning that the developer would see. */
export interface SeenWarning {
  message: string;
  name: string;
  code: string;
  detail: string;
}

/** The warnings since it was made, which are not printed until it is disposed of. */
export interface WarningRecorder extends Disposable {
  readonly warnings: SeenWarning[];
  /** The codes of the warnings, in their order. */
  readonly codes: string[];
}

interface WarningProcess {
  emitWarning: (
    message: string,
    options: { type: string; code: string; detail: string },
  ) => void;
}

const CONSOLE_REGEXP = /^\[(\w+)\] (\w+): ([^\n]*)\n([^]*)$/;

/** Records warnings, by whichever way the runtime has for them. */
export function recordWarnings(): WarningRecorder {
  const warnings: SeenWarning[] = [];
  const { process } = globalThis as unknown as { process?: WarningProcess };
  const emitWarning = process?.emitWarning;
  const consoleWarn = console.warn;
  if (process !== undefined && emitWarning !== undefined) {
    process.emitWarning = (message, { type: name, code, detail }) =>
      void warnings.push({ message, name, code, detail });
  } else {
    console.warn = (text: unknown) => {
      const [, code = "", name = "", message = "", detail = ""] =
        CONSOLE_REGEXP.exec(String(text)) ?? [];
      warnings.push({ message, name, code, detail });
    };
  }
  return {
    warnings,
    get codes() {
      return warnings.map(({ code }) => code);
    },
    [Symbol.dispose]() {
      if (process !== undefined && emitWarning !== undefined) {
        process.emitWarning = emitWarning;
      }
      console.warn = consoleWarn;
    },
  };
}
