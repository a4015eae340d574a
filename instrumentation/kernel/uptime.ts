import { type Bytes, onlyLineEnd, ParseError, text } from './bytes.ts';

/** The kernel writes two decimals; old versions of lxcfs wrote one. */
const LINE = /^(\d{1,20}\.\d\d?) \d+\.\d\d?$/;

/** Seconds since the machine was started, time in suspension included: the first number of /proc/uptime (proc_uptime(5)). */
export function parseUptime(bytes: Bytes): number {
  const match = LINE.exec(text(bytes.subarray(0, onlyLineEnd(bytes))));
  if (match === null) throw new ParseError('two numbers of seconds', bytes);
  return Number(match[1]);
}
