import { type Bytes, decimal, lineEnd, NEWLINE, ParseError, skipBlanks, skipDigits, SPACE } from './bytes.ts';

/**
 * /proc counts CPU time in ticks of USER_HZ, which every Linux that Node runs on fixes at 100 for programs, whatever
 * the kernel's own rate is.
 */
export const USER_HZ = 100;

/** CPU time in seconds. A mode that the kernel is too old to count is absent. */
export interface CpuTimes {
  readonly user: number;
  readonly nice: number;
  readonly system: number;
  readonly idle: number;
  readonly iowait?: number;
  readonly interrupt?: number;
  readonly steal?: number;
}

/** CPU time of one logical CPU. */
export interface LogicalCpu {
  readonly number: number;
  readonly time: CpuTimes;
}

export interface Stat {
  /** Of the whole machine. */
  readonly time: CpuTimes;
  /** CPUs that are online. */
  readonly count: number;
  /** Those CPUs, where they were asked for. */
  readonly cpus?: readonly LogicalCpu[];
  /** Context switches of all CPUs. */
  readonly switches?: number;
  /** Processes and threads that were started. */
  readonly created?: number;
}

const C = 0x63;
const P = 0x70;
const U = 0x75;

/**
 * /proc/stat (proc_stat(5)). The first line adds up all CPUs, also those that went offline. `guest` and `guest_nice`
 * are already inside `user` and `nice`.
 */
export function parseStat(bytes: Bytes): Stat {
  return parse(bytes, undefined);
}

/** The same with the times of each CPU. */
export function parseStatByCpu(bytes: Bytes): Stat {
  return parse(bytes, []);
}

function parse(bytes: Bytes, cpus: LogicalCpu[] | undefined): Stat {
  const end = lineEnd(bytes, 0);
  if (!isCpuLine(bytes, 0) || skipBlanks(bytes, 3) === 3) throw new ParseError('the line "cpu"', bytes);
  const columns = new Float64Array(COLUMNS);
  const time = parseTimes(bytes, 3, columns);
  let count = 0;
  let at = end + 1;
  for (; isCpuLine(bytes, at); at = lineEnd(bytes, at) + 1) {
    const to = skipDigits(bytes, at + 3);
    if (to === at + 3 || skipBlanks(bytes, to) === to) throw new ParseError('a line such as "cpu0 ..."', bytes, at);
    cpus?.push({ number: decimal(bytes, at + 3, to), time: parseTimes(bytes, to, columns) });
    count++;
  }
  if (count === 0) throw new ParseError('a line for each CPU', bytes, at);
  // The kernel goes on with other lines: without a whole one here the file was cut off, and CPUs may be missing.
  lineEnd(bytes, at);
  const switches = numberAfter(CTXT, bytes, at);
  const created = numberAfter(PROCESSES, bytes, at);
  return {
    time,
    count,
    ...(cpus !== undefined && { cpus }),
    ...(switches !== undefined && { switches }),
    ...(created !== undefined && { created }),
  };
}

function isCpuLine(bytes: Bytes, at: number): boolean {
  return bytes[at] === C && bytes[at + 1] === P && bytes[at + 2] === U;
}

/** As many as have a meaning here. */
const COLUMNS = 8;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The times in the line that goes on at `from`. `columns` is room to work in, made once for all lines. */
function parseTimes(bytes: Bytes, from: number, columns: Float64Array): CpuTimes {
  let count = 0;
  for (let at = skipBlanks(bytes, from); bytes[at] !== NEWLINE; at = skipBlanks(bytes, at)) {
    const to = skipDigits(bytes, at);
    // One that is too much is dropped by the array, but it must be a number all the same.
    columns[count++] = decimal(bytes, at, to) / USER_HZ;
    at = to;
  }
  if (count < 4) throw new ParseError('four columns or more', bytes, from);
  const time: Writable<CpuTimes> = { user: columns[0]!, nice: columns[1]!, system: columns[2]!, idle: columns[3]! };
  if (count > 4) time.iowait = columns[4]!;
  if (count > 6) time.interrupt = columns[5]! + columns[6]!;
  if (count > 7) time.steal = columns[7]!;
  return time;
}

const CTXT = new TextEncoder().encode('ctxt');
const PROCESSES = new TextEncoder().encode('processes');

/** The number in the first whole line from `at` that begins with `word`; undefined where there is no such line. */
function numberAfter(word: Bytes, bytes: Bytes, at: number): number | undefined {
  let end: number;
  for (let start = at; start < bytes.length; start = end + 1) {
    end = bytes.indexOf(NEWLINE, start);
    if (end < 0) return undefined;
    if (bytes[start + word.length] !== SPACE || !word.every((byte, i) => bytes[start + i] === byte)) continue;
    return decimal(bytes, start + word.length + 1, end);
  }
  return undefined;
}
