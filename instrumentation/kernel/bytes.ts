// What every kernel file has in common: ASCII text in which a line ends with a newline. A line without one was cut
// off, and a number at its end may have lost digits; so nothing here accepts a number that is not properly ended.

/** A kernel file as it was read. Valid only during the call: the buffer behind it is used again. */
export type Bytes = Uint8Array;

export const NEWLINE = 0x0a;
export const SPACE = 0x20;
export const TAB = 0x09;
const ZERO = 0x30;
const NINE = 0x39;

/** A kernel file that does not look as the kernel writes it. The message quotes a little of it, in one line. */
export class ParseError extends Error {
  constructor(expected: string, bytes: Bytes, at = 0) {
    super(`expected ${expected}, found ${at < bytes.length ? excerpt(bytes, at) : 'the end of the file'}`);
    this.name = 'ParseError';
  }
}

/** A few bytes, quoted; all that is not printable ASCII is escaped. */
function excerpt(bytes: Bytes, at: number): string {
  const quoted = JSON.stringify(text(bytes.subarray(at, at + 40)));
  return quoted.replaceAll(/[^ -~]/g, (c) => `\\x${c.codePointAt(0)!.toString(16)}`);
}

/** The bytes as text, one character a byte: kernel files that carry foreign text (mount points) decode it themselves. */
export function text(bytes: Bytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Where the line that holds `at` ends: the index of its newline. Throws where it has none. */
export function lineEnd(bytes: Bytes, at: number): number {
  const end = bytes.indexOf(NEWLINE, at);
  if (end < 0) throw new ParseError('a whole line', bytes, at);
  return end;
}

/** Where the one line of a file ends. Throws where there is more than one, or none. */
export function onlyLineEnd(bytes: Bytes): number {
  const end = lineEnd(bytes, 0);
  if (end !== bytes.length - 1) throw new ParseError('one line', bytes, end + 1);
  return end;
}

/** The first index from `at` that holds neither a space nor a tab. */
export function skipBlanks(bytes: Bytes, at: number): number {
  while (bytes[at] === SPACE || bytes[at] === TAB) at++;
  return at;
}

/** The first index from `at` that holds no digit. */
export function skipDigits(bytes: Bytes, at: number): number {
  for (let c = bytes[at]; c !== undefined && c >= ZERO && c <= NINE; c = bytes[at]) at++;
  return at;
}

/**
 * The unsigned decimal in [from, to). Above 2^53 it is the nearest double, as good as exact for a counter of
 * nanoseconds. Throws on anything but digits and on what no 64-bit counter can hold.
 */
export function decimal(bytes: Bytes, from: number, to: number): number {
  const length = to - from;
  if (length < 1 || length > 20 || skipDigits(bytes, from) < to) throw new ParseError('a decimal number', bytes, from);
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + (bytes[at]! - ZERO);
  // From here on every digit would be rounded anew, and the errors add up.
  if (value > Number.MAX_SAFE_INTEGER) value = Number(text(bytes.subarray(from, to)));
  if (value > 2 ** 64) throw new ParseError('a 64-bit number', bytes, from);
  return value;
}

/** A file of one number and a newline (`memory.current`, `cpuacct.usage`). */
export function parseNumber(bytes: Bytes): number {
  return decimal(bytes, 0, onlyLineEnd(bytes));
}
