/** `message` with control and bidirectional formatting characters as escapes, at most 2000 characters long. */
export function printable(message: string): string {
  const cut = message.length > 2000 ? `${message.slice(0, 2000)}…` : message;
  return cut.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}
