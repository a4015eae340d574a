/** Lines for a person, on standard error. */
export interface Log {
  info(line: string): void;
  warn(line: string): void;
  /** For what ends the program. */
  error(line: string): void;
}

/** One line an event: control characters, which foreign text may carry, are shown and not obeyed. */
export function createLog(write: (line: string) => void): Log {
  const line = (prefix: string) => (message: string) => write(`jobmeter: ${prefix}${printable(message)}\n`);
  return { info: line(''), warn: line('warning: '), error: line('') };
}

/** `message` with control and bidirectional formatting characters as escapes, at most 2000 characters long. */
export function printable(message: string): string {
  const cut = message.length > 2000 ? `${message.slice(0, 2000)}…` : message;
  return cut.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}
