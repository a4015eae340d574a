import { type Bytes, decimal, lineEnd, NEWLINE, ParseError, skipBlanks, skipDigits } from './bytes.ts';

/**
 * /proc counts CPU time in ticks of USER_HZ, which every Linux that Node runs on fixes at 100 for programs, whatever
 * the kernel's own rate is.
 */
export const USER_HZ = 100;

/** CPU time of the whole machine in seconds. A mode that the kernel is too old to count is absent. */
export interface CpuTimes {
  readonly user: number;
  readonly nice: number;
  readonly system: number;
  readonly idle: number;
  readonly iowait?: number;
  readonly interrupt?: number;
  readonly steal?: number;
}

export interface Stat {
  readonly time: CpuTimes;
  /** CPUs that are online. */
  readonly count: number;
}

const C = 0x63;
const P = 0x70;
const U = 0x75;

/**
 * The cpu lines of /proc/stat (proc_stat(5)). The first one adds up all CPUs, also those that went offline, so it does
 * not go back when one is unplugged. `guest` and `guest_nice` are already inside `user` and `nice`.
 */
export function parseStat(bytes: Bytes): Stat {
  const end = lineEnd(bytes, 0);
  if (!isCpuLine(bytes, 0) || skipBlanks(bytes, 3) === 3) throw new ParseError('the line "cpu"', bytes);
  const time = parseTimes(bytes, 3, end);
  let count = 0;
  let at = end + 1;
  for (; isCpuLine(bytes, at); at = lineEnd(bytes, at) + 1) {
    const to = skipDigits(bytes, at + 3);
    if (to === at + 3 || skipBlanks(bytes, to) === to) throw new ParseError('a line such as "cpu0 ..."', bytes, at);
    count++;
  }
  if (count === 0) throw new ParseError('a line for each CPU', bytes, at);
  // The kernel goes on with other lines: without a whole one here the file was cut off, and CPUs may be missing.
  lineEnd(bytes, at);
  return { time, count };
}

function isCpuLine(bytes: Bytes, at: number): boolean {
  return bytes[at] === C && bytes[at + 1] === P && bytes[at + 2] === U;
}

function parseTimes(bytes: Bytes, from: number, end: number): CpuTimes {
  const columns: number[] = [];
  for (let at = skipBlanks(bytes, from); bytes[at] !== NEWLINE; at = skipBlanks(bytes, at)) {
    const to = skipDigits(bytes, at);
    columns.push(decimal(bytes, at, to) / USER_HZ);
    at = to;
  }
  const [user, nice, system, idle, iowait, irq, softirq, steal] = columns;
  if (user === undefined || nice === undefined || system === undefined || idle === undefined) {
    throw new ParseError('four columns or more', bytes, Math.min(from, end));
  }
  return {
    user,
    nice,
    system,
    idle,
    ...(iowait !== undefined && { iowait }),
    ...(irq !== undefined && softirq !== undefined && { interrupt: irq + softirq }),
    ...(steal !== undefined && { steal }),
  };
}
