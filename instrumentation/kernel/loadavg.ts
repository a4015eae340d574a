import { type Bytes, onlyLineEnd, ParseError, text } from './bytes.ts';

/** Load averages: tasks that run, wait to run or sleep uninterruptibly, averaged over 1, 5 and 15 minutes. */
export interface LoadAverage {
  readonly '1m': number;
  readonly '5m': number;
  readonly '15m': number;
}

const LINE = /^(\d{1,20}\.\d\d) (\d{1,20}\.\d\d) (\d{1,20}\.\d\d) \d+\/\d+ \d+$/;

/** Parses /proc/loadavg (proc_loadavg(5)). */
export function parseLoadavg(bytes: Bytes): LoadAverage {
  const match = LINE.exec(text(bytes.subarray(0, onlyLineEnd(bytes))));
  if (match === null) throw new ParseError('three load averages, "running/all" and a PID', bytes);
  return { '1m': Number(match[1]), '5m': Number(match[2]), '15m': Number(match[3]) };
}
