import { type Bytes, decimal, onlyLineEnd, parseNumber, ParseError, SPACE } from './bytes.ts';

// Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/{memory,cpusets}.rst, scheduler/sched-bwc.rst.
// "No limit" is Infinity here: the tightest of several limits is then their minimum.

/**
 * v1 has no word for "no limit": it shows LONG_MAX rounded down to a page, and pages are 4 KiB to 64 KiB. Nothing real
 * is near it.
 */
const V1_NO_LIMIT = 2 ** 62;

const MAX = [0x6d, 0x61, 0x78];

function saysMax(bytes: Bytes, to: number): boolean {
  return to === MAX.length && MAX.every((c, i) => bytes[i] === c);
}

/** A limit in bytes: `memory.max` of v2 ("max" or a number), `memory.limit_in_bytes` of v1 (a number). */
export function parseLimit(bytes: Bytes): number {
  return saysMax(bytes, onlyLineEnd(bytes)) ? Infinity : knownLimit(parseNumber(bytes));
}

/** What a number of bytes means as a v1 limit. */
export function knownLimit(value: number): number {
  return value >= V1_NO_LIMIT ? Infinity : value;
}

/** `cpu.max` of v2, "quota period" in microseconds, as CPUs. */
export function parseCpuMax(bytes: Bytes): number {
  const end = onlyLineEnd(bytes);
  const space = bytes.indexOf(SPACE);
  if (space < 0) throw new ParseError('a quota and a period', bytes);
  const period = decimal(bytes, space + 1, end);
  if (period === 0) throw new ParseError('a period above zero', bytes);
  return saysMax(bytes, space) ? Infinity : decimal(bytes, 0, space) / period;
}

const MINUS = 0x2d;

/** `cpu.cfs_quota_us` of v1: microseconds in each period, -1 for no limit. */
export function parseQuota(bytes: Bytes): number {
  if (bytes[0] !== MINUS) return parseNumber(bytes);
  if (parseNumber(bytes.subarray(1)) !== 1) throw new ParseError('a quota or -1', bytes);
  return Infinity;
}

const COMMA = 0x2c;

/**
 * How many CPUs a list such as "0-3,8" names (cpuset.cpus.effective, cpuset.effective_cpus,
 * /sys/devices/system/cpu/online). An empty list is a cgroup that was given none: zero.
 */
export function parseCpuList(bytes: Bytes): number {
  const end = onlyLineEnd(bytes);
  if (end === 0) return 0;
  let count = 0;
  for (let from = 0; from <= end;) {
    const comma = bytes.indexOf(COMMA, from);
    const to = comma < 0 ? end : comma;
    count += parseRange(bytes, from, to);
    from = to + 1;
  }
  return count;
}

function parseRange(bytes: Bytes, from: number, to: number): number {
  const dash = bytes.indexOf(MINUS, from);
  if (dash < 0 || dash >= to) return decimal(bytes, from, to) >= 0 ? 1 : 0;
  const first = decimal(bytes, from, dash);
  const last = decimal(bytes, dash + 1, to);
  if (last < first) throw new ParseError('a range of CPUs', bytes, from);
  return last - first + 1;
}
