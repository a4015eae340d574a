import { type Bytes, onlyLineEnd, parseNumber, ParseError, text } from './bytes.ts';

// Files of /sys/class/infiniband/DEVICE/ports/N (Documentation/ABI/stable/sysfs-class-infiniband).

/** A counter; undefined where the driver says that it has none: "N/A (no PMA)". */
export function parsePortCounter(bytes: Bytes): number | undefined {
  return text(bytes).startsWith('N/A') && onlyLineEnd(bytes) > 0 ? undefined : parseNumber(bytes);
}

/** `state`: "4: ACTIVE" carries data; all others do not, or not yet. */
export function parseIsActive(bytes: Bytes): boolean {
  const [, number] = /^(\d): [A-Z_]+$/.exec(text(bytes.subarray(0, onlyLineEnd(bytes)))) ?? [];
  if (number === undefined) throw new ParseError('a state such as "4: ACTIVE"', bytes);
  return number === '4';
}

/** `rate`, such as "100 Gb/sec (4X EDR)" or "2.5 Gb/sec (1X SDR)", in bytes a second. */
export function parseRate(bytes: Bytes): number {
  const [, gigabits] = /^(\d{1,6}(?:\.\d)?) Gb\/sec/.exec(text(bytes.subarray(0, onlyLineEnd(bytes)))) ?? [];
  if (gigabits === undefined) throw new ParseError('a rate in Gb/sec', bytes);
  return (Number(gigabits) * 1e9) / 8;
}
