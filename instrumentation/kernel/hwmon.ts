import { type Bytes, decimal, onlyLineEnd, ParseError, text } from './bytes.ts';

// Documentation/hwmon/sysfs-interface.rst

const MINUS = 0x2d;

/** `temp1_input`: thousandths of a degree Celsius, with a sign below zero. */
export function parseMillidegrees(bytes: Bytes): number {
  const end = onlyLineEnd(bytes);
  return bytes[0] === MINUS ? 0 - decimal(bytes, 1, end) : decimal(bytes, 0, end);
}

/** `name`, `temp1_label`, and the `name` of a power zone: a word or a few in one line. */
export function parseName(bytes: Bytes): string {
  const name = text(bytes.subarray(0, onlyLineEnd(bytes)));
  if (!/^[!-~](?:[ -~]*[!-~])?$/.test(name)) throw new ParseError('a name', bytes);
  return name;
}
