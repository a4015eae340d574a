import { type Bytes, decimal, lineEnd, ParseError, text } from './bytes.ts';

/** Time lost to a lack of one resource. The shares are of the last 10, 60 and 300 seconds, from 0 to 1. */
export interface Stall {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  /** Seconds since the machine was started or the cgroup was made. */
  readonly total: number;
}

/** `some`: at least one task waited. `full`: all tasks that were not idle waited at once. */
export interface Pressure {
  readonly some?: Stall;
  readonly full?: Stall;
}

const LINE =
  /^(?:some|full) avg10=(\d{1,3}\.\d\d) avg60=(\d{1,3}\.\d\d) avg300=(\d{1,3}\.\d\d) total=(?<total>\d{1,20})$/;

/**
 * Parses /proc/pressure/{cpu,memory,io,irq} and the `*.pressure` files of cgroups (Documentation/accounting/psi.rst).
 * `irq` has no `some`; `cpu` has `full` since Linux 5.13, of which the machine as a whole shows zeros only.
 */
export function parsePressure(bytes: Bytes): Pressure {
  const found: { -readonly [K in keyof Pressure]: Stall } = {};
  let end: number;
  for (let start = 0; start < bytes.length; start = end + 1) {
    end = lineEnd(bytes, start);
    const line = text(bytes.subarray(start, end));
    const type = line.slice(0, 5);
    if (type !== 'some ' && type !== 'full ') continue;
    const match = LINE.exec(line);
    if (match === null) throw new ParseError('"avg10= avg60= avg300= total="', bytes, start);
    found[type === 'some ' ? 'some' : 'full'] = {
      avg10: shareOf(match[1]!, bytes, start),
      avg60: shareOf(match[2]!, bytes, start),
      avg300: shareOf(match[3]!, bytes, start),
      // Microseconds.
      total: decimal(bytes, end - match.groups!['total']!.length, end) / 1e6,
    };
  }
  return found;
}

/** A percentage with two decimals as a share: divided once, so that 12.34 becomes 0.1234 and not its neighbour. */
function shareOf(percent: string, bytes: Bytes, at: number): number {
  const share = Number(percent.replace('.', '')) / 10_000;
  if (share > 1) throw new ParseError('100 % or less', bytes, at);
  return share;
}
