import { type Bytes, decimal, NEWLINE, ParseError, skipDigits, SPACE, text } from './bytes.ts';

/** What was read from and written to one block device: bytes and operations. */
export interface DeviceIo {
  /** "major:minor" */
  readonly device: string;
  readonly readBytes?: number;
  readonly writtenBytes?: number;
  readonly reads?: number;
  readonly writes?: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const KEYS: ReadonlyMap<string, Exclude<keyof DeviceIo, 'device'>> = new Map([
  ['rbytes', 'readBytes'],
  ['wbytes', 'writtenBytes'],
  ['rios', 'reads'],
  ['wios', 'writes'],
]);

const EQUALS = 0x3d;

/**
 * `io.stat` of v2 (cgroup-v2.rst): a line of "major:minor key=value…" for each device. Some kernels (5.15
 * is one) write no newline after a device that nothing was counted for: several devices can stand before the numbers of
 * the last one, and the file may end with a device. One without a number ("(unknown)") is passed over with its line.
 */
export function parseIoStat(bytes: Bytes): readonly DeviceIo[] {
  const found: DeviceIo[] = [];
  let current: Writable<DeviceIo> | undefined;
  let isOpen = false;
  for (let at = 0; at < bytes.length;) {
    const end = wordEnd(bytes, at);
    const equals = bytes.subarray(at, end).indexOf(EQUALS);
    if (equals < 0) {
      const device = deviceNumber(bytes, at, end);
      current = device === undefined ? undefined : { device };
    } else {
      isOpen = true;
      const key = KEYS.get(text(bytes.subarray(at, at + equals)));
      if (key !== undefined && current !== undefined) {
        if (found.at(-1) !== current) found.push(current);
        current[key] = decimal(bytes, at + equals + 1, end);
      }
    }
    if (bytes[end] === NEWLINE) {
      current = undefined;
      isOpen = false;
    }
    at = end + 1;
  }
  if (isOpen) throw new ParseError('the end of a line', bytes, bytes.length);
  return found;
}

/** Where the word ends that begins at `at`. Throws where it was cut off. */
function wordEnd(bytes: Bytes, at: number): number {
  let end = at;
  while (end < bytes.length && bytes[end] !== SPACE && bytes[end] !== NEWLINE) end++;
  if (end === bytes.length) throw new ParseError('a whole line', bytes, at);
  return end;
}

const COLON = 0x3a;

/** "major:minor" in [from, to); undefined where something else is there. */
export function deviceNumber(bytes: Bytes, from: number, to: number): string | undefined {
  const colon = skipDigits(bytes, from);
  const isNumber = colon > from && bytes[colon] === COLON && skipDigits(bytes, colon + 1) === to && colon + 1 < to;
  return isNumber ? text(bytes.subarray(from, to)) : undefined;
}
